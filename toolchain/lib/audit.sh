#!/usr/bin/env bash
# Known holes in what runs in production, as the npm registry in use reports them. A registry that gives no report (many
# mirrors do not) cannot fail the check; it is said.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=npm.sh
source "$TOOLCHAIN/lib/npm.sh"
status=0
report=$(run_npm audit --omit=dev --audit-level=high --json 2>/dev/null) || status=$?
if [[ $report != *'"auditReportVersion"'* ]]; then
  echo "the npm registry in use gives no audit report: not checked here"
  exit 0
fi
((status == 0)) || run_npm audit --omit=dev --audit-level=high || true
exit "$status"
