#!/usr/bin/env bash
# Known holes in what runs in production, as the npm registry in use reports them. A registry that gives no report (many
# mirrors do not) cannot fail the check; it is said.
set -euo pipefail
status=0
report=$(npm audit --omit=dev --audit-level=high --json 2>/dev/null) || status=$?
if [[ $report != *'"auditReportVersion"'* ]]; then
  echo "the npm registry in use gives no audit report: not checked here"
  exit 0
fi
((status == 0)) || npm audit --omit=dev --audit-level=high || true
exit "$status"
