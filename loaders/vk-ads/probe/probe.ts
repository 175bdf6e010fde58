import type { ErrandContext } from "../../pipeline/program";
import { askAll, judgeAll, Seen, type Probe, type ProbePart } from "../../pipeline/probe";
import type { LegacyAccount, V2Account } from "../accounts";
import { LegacyClient } from "../legacy/client";
import type { Settings } from "../settings";
import { vkAds } from "../source";
import { V2Client } from "../v2/client";
import { fixtureOf } from "./fixture";
import { LEGACY_CALLS, LEGACY_QUESTIONS, legacyCalls, type LegacyCall } from "./legacy";
import { V2_CALLS, v2Calls, v2Questions, type V2Call } from "./v2";

/** A pair of tokens may have to be refreshed, or to be taken. */
const FOR_TOKENS = 2;

/** The probe of VK Ads: each account is asked by its API. */
export function vkProbe(settings: Settings): Probe {
  const { VK_ACCOUNTS: accounts, VK_REQUEST_PAUSE_MS: pause } = settings;
  const requests = accounts.map(({ api }) =>
    api === "legacy" ? LEGACY_CALLS.length : V2_CALLS.length + FOR_TOKENS,
  );
  return {
    job: vkAds.job,
    title: vkAds.title,
    planned: requests.reduce((sum, one) => sum + one, 0),
    pace: `one after another, ${pause} ms apart`,
    run: async (context) => {
      const parts: ProbePart[] = [];
      for (const account of accounts) {
        parts.push(
          account.api === "legacy"
            ? await askLegacy(context, settings, account)
            : await askV2(context, settings, account),
        );
      }
      return parts;
    },
  };
}

async function askV2(run: ErrandContext, settings: Settings, account: V2Account): Promise<ProbePart> {
  const seen = new Seen<V2Call>();
  const client = new V2Client({ run, settings, account, observer: seen });
  try {
    const now = run.clock.now();
    const calls = v2Calls(client, now);
    const failure = await askAll(calls, seen, run.log);
    return {
      name: `account ${account.account}, v2`,
      answers: judgeAll(calls, v2Questions(account.account), seen),
      sent: client.requests,
      fixture: fixtureOf(seen.answered(["plans", "groups", "banners", "statistics"]), now),
      ...(failure === undefined ? {} : { failure }),
    };
  } finally {
    await client.close();
  }
}

async function askLegacy(run: ErrandContext, settings: Settings, account: LegacyAccount): Promise<ProbePart> {
  const seen = new Seen<LegacyCall>();
  const client = new LegacyClient({ run, settings, account, observer: seen });
  try {
    const now = run.clock.now();
    const calls = legacyCalls(client, now);
    const failure = await askAll(calls, seen, run.log);
    return {
      name: `account ${account.account}, legacy`,
      answers: judgeAll(calls, LEGACY_QUESTIONS, seen),
      sent: client.requests,
      fixture: fixtureOf(seen.answered(["campaigns", "ads", "layouts", "statistics"]), now),
      ...(failure === undefined ? {} : { failure }),
    };
  } finally {
    await client.close();
  }
}
