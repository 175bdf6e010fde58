import { z } from "zod";
import { ApiError } from "../../core/api-error";
import type { Days } from "../../core/days";
import { field, readCount, readId, reasonOf } from "../../core/fields";
import type { AdapterInput, VkAdapter } from "../adapter";
import { NOTES } from "../adapter";
import type { LegacyAccount } from "../accounts";
import { AccountStopped, VkProtocolError } from "../client";
import { utmOf } from "../landing";
import { counter, day, spend, type Ad, type DailyStat } from "../records";
import { isFinal, LegacyClient, type Method } from "./client";

const IDS_PER_REQUEST = 200;
/** Campaigns whose ads are asked for at once, and the most ads that one answer holds. */
const CAMPAIGNS_PER_REQUEST = 100;
const MOST_ADS = 2000;

/** A limit of calls that is used up is waited for, if it takes no longer than this, in seconds. */
const LONGEST_FLOOD = 120;

const id = field(readId);
const text = z.string().catch("");
const campaign = z.object({ id, name: text.optional(), title: text.optional() });
const ad = z.object({ id, campaign_id: id, name: text });
const layout = z.object({ id, link_url: z.string().nullish(), link_domain: z.string().nullish() });
const statItem = z.object({ id, type: z.literal("ad").nullish(), stats: z.array(z.unknown()).nullish() });
const stat = z.object({ day: day(), impressions: counter(), clicks: counter(), spent: spend() });

/** The methods `ads.*` of the old API. */
export class LegacyAdapter implements VkAdapter {
  readonly idsPerRequest: number;
  private readonly client: LegacyClient;

  constructor(private readonly input: AdapterInput<LegacyAccount>) {
    this.client = new LegacyClient(input);
    this.idsPerRequest = input.settings.VK_IDS_PER_REQUEST ?? IDS_PER_REQUEST;
  }

  get requests(): number {
    return this.client.requests;
  }

  close(): Promise<void> {
    return this.client.close();
  }

  isFinal(error: unknown): boolean {
    return isFinal(error);
  }

  async ads(): Promise<Map<string, Ad>> {
    const { found: campaigns } = await this.list("getCampaigns", { include_deleted: "1" }, campaign);
    const ids = [...campaigns.keys()];
    const ads = await this.ofCampaigns("getAds", ids, ad);
    const layouts = await this.ofCampaigns("getAdsLayout", ids, layout);
    await this.waitForFlood();
    return new Map(
      [...ads.values()].map((one) => {
        const links = layouts.get(one.id);
        const of = campaigns.get(one.campaign_id);
        const found: Ad = {
          id: one.id,
          campaignId: one.campaign_id,
          campaignName: of?.name ?? of?.title ?? "",
          groupId: "",
          name: one.name,
          utm: utmOf([links?.link_url, links?.link_domain].filter((link) => typeof link === "string")),
        };
        return [found.id, found];
      }),
    );
  }

  async statistics(ids: readonly string[], { from, to }: Days): Promise<DailyStat[]> {
    const form = { ids_type: "ad", ids: ids.join(","), period: "day", date_from: from, date_to: to };
    const items = await this.askList("getStatistics", form);
    return this.input.run.stopwatch.time("rows", () => items.flatMap((raw) => this.readItem(raw)));
  }

  private readItem(raw: unknown): DailyStat[] {
    const parsed = statItem.safeParse(raw);
    if (!parsed.success) {
      this.reject("statistics", (raw as { id?: unknown } | null)?.id, reasonOf(parsed.error));
      return [];
    }
    const { id: adId, stats } = parsed.data;
    return (stats ?? []).flatMap((row): DailyStat[] => {
      const one = stat.safeParse(row);
      if (!one.success) {
        this.reject("statistics", adId, reasonOf(one.error));
        return [];
      }
      const { day: date, impressions, clicks, spent } = one.data;
      return [{ adId, day: date, impressions, clicks, spend: spent }];
    });
  }

  /** Ads or layouts by campaign. An answer that is full may be cut off, and is asked for in smaller parts. */
  private async ofCampaigns<T extends { id: string }>(
    method: "getAds" | "getAdsLayout",
    campaigns: readonly string[],
    shape: z.ZodType<T>,
  ): Promise<Map<string, T>> {
    const found = new Map<string, T>();
    const add = (part: Map<string, T>) => part.forEach((one, key) => found.set(key, one));
    for (let at = 0; at < campaigns.length; at += CAMPAIGNS_PER_REQUEST) {
      add(await this.ofSome(method, campaigns.slice(at, at + CAMPAIGNS_PER_REQUEST), shape));
    }
    return found;
  }

  private async ofSome<T extends { id: string }>(
    method: "getAds" | "getAdsLayout",
    campaigns: readonly string[],
    shape: z.ZodType<T>,
  ): Promise<Map<string, T>> {
    const filter = { campaign_ids: `[${campaigns.join(",")}]`, include_deleted: "1" };
    const { found, length } = await this.list(method, filter, shape);
    if (length < MOST_ADS) return found;
    if (campaigns.length > 1) {
      const half = Math.ceil(campaigns.length / 2);
      const first = await this.ofSome(method, campaigns.slice(0, half), shape);
      return new Map([...first, ...(await this.ofSome(method, campaigns.slice(half), shape))]);
    }
    for (let offset = MOST_ADS; ; offset += MOST_ADS) {
      const page = { ...filter, limit: String(MOST_ADS), offset: String(offset) };
      const known = found.size;
      const more = await this.list(method, page, shape);
      more.found.forEach((one, key) => found.set(key, one));
      if (more.length < MOST_ADS || found.size === known) return found;
    }
  }

  /** A list by id; what cannot be read is put aside. `length` counts it too. */
  private async list<T extends { id: string }>(
    method: Method,
    form: Record<string, string>,
    shape: z.ZodType<T>,
  ): Promise<{ found: Map<string, T>; length: number }> {
    const items = await this.askList(method, form);
    this.input.report.read(items.length, 0);
    const found = new Map<string, T>();
    for (const raw of items) {
      const one = shape.safeParse(raw);
      if (one.success) found.set(one.data.id, one.data);
      else this.reject(method, (raw as { id?: unknown } | null)?.id, reasonOf(one.error));
    }
    return { found, length: items.length };
  }

  /** The limit of the statistics' calls has its own period: a short one is waited for before it ends a run half-way. */
  private async waitForFlood(): Promise<void> {
    const shape = z.object({ left: field(readCount), refresh: field(readCount) });
    const parsed = shape.safeParse(
      await this.ask("getFloodStats", {}, isMissed).catch((error: unknown) => {
        if (!(error instanceof ApiError && isMissed(error)) && !(error instanceof VkProtocolError))
          throw error;
      }),
    );
    if (!parsed.success || parsed.data.left > 0) return;
    const { refresh } = parsed.data;
    const { run, account } = this.input;
    if (refresh > LONGEST_FLOOD) {
      throw new AccountStopped(
        `VK allows account ${account.account} no further call for ${refresh} s; run the load again after that.`,
      );
    }
    run.log.info(`VK allows account ${account.account} no call for ${refresh} s, waiting`);
    await run.clock.sleep(refresh * 1000, run.signal);
  }

  /** The list of an answer, which is one or holds one. */
  private async askList(method: Method, form: Record<string, string>): Promise<unknown[]> {
    const response = await this.ask(method, form);
    const items = Array.isArray(response) ? response : (response as { items?: unknown } | null)?.items;
    if (!Array.isArray(items)) {
      throw new VkProtocolError(
        `VK answered ads.${method} of account ${this.input.account.account} without a list.`,
      );
    }
    return items as unknown[];
  }

  private ask(
    method: Method,
    form: Record<string, string>,
    isMended?: (error: ApiError) => boolean,
  ): Promise<unknown> {
    return this.input.run.stopwatch.wait("fetch", this.client.ask(method, form, isMended));
  }

  private reject(what: string, given: unknown, reason: string): void {
    this.input.report.note(NOTES.rejected);
    const { account } = this.input.account;
    this.input.run.quarantine.add(`account ${account}`, given, `${what}: ${reason}`);
  }
}

/** What is only a courtesy may fail, unless the token or the limit is at its end: the calls after it say what else is wrong. */
function isMissed({ status, code }: ApiError): boolean {
  return status !== 401 && !["5", "9", "14", "29", "601"].includes(code ?? "");
}
