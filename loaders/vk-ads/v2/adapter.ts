import { z } from "zod";
import { ApiError } from "../../core/api-error";
import type { Days } from "../../core/days";
import { field, readId, reasonOf } from "../../core/fields";
import { ExpectedError } from "../../core/errors";
import { moneyText } from "../../core/values";
import { NOTES, type AdapterInput, type VkAdapter } from "../adapter";
import type { V2Account } from "../accounts";
import { isFinalAnywhere, VkProtocolError } from "../client";
import { utmOf } from "../landing";
import { counter, day, spend, type Ad, type DailyStat } from "../records";
import { V2Client } from "./client";

/** Rows of a page, the greatest number that the API gives. */
const PAGE = 50;
const IDS_PER_REQUEST = 100;
const MOST_IDS = 200;
/** A stopped ad has a history, so that every status is wanted; without the filter the API leaves some out. */
const EVERY_STATUS = "active,blocked,deleted";

const id = field(readId);
const name = z.string().catch("");

const plan = z.object({ id, name });
const group = z.object({ id, ad_plan_id: id, utm: z.string().nullish() });
const banner = z.object({
  id,
  name,
  ad_group_id: id,
  urls: z
    .record(z.string(), z.object({ url: z.string().nullish() }).nullish())
    .nullish()
    .catch(null),
});
const statistics = z.object({ items: z.array(z.unknown()) });
const totals = z.object({ shows: counter(), clicks: counter(), spent: spend() });
const item = z.object({
  id,
  rows: z.array(z.unknown()).nullish(),
  total: z.object({ base: totals }).nullish().catch(null),
});
const statRow = z.object({ date: day(), base: totals });

/** The API of ads.vk.com: ad plans are the campaigns, banners the ads. */
export class V2Adapter implements VkAdapter {
  readonly idsPerRequest: number;
  private readonly client: V2Client;

  constructor(private readonly input: AdapterInput<V2Account>) {
    this.client = new V2Client(input);
    this.idsPerRequest = Math.min(input.settings.VK_IDS_PER_REQUEST ?? IDS_PER_REQUEST, MOST_IDS);
  }

  get requests(): number {
    return this.client.requests;
  }

  close(): Promise<void> {
    return this.client.close();
  }

  isFinal(error: unknown): boolean {
    return isFinalAnywhere(error);
  }

  async ads(): Promise<Map<string, Ad>> {
    await this.checkAccount();
    const plans = await this.list("ad_plans", "id,name", plan);
    const groups = await this.list("ad_groups", "id,ad_plan_id,utm", group);
    const banners = await this.list("banners", "id,name,ad_group_id,urls", banner);
    const found = [...banners.values()].map((one): Ad => {
      const of = groups.get(one.ad_group_id);
      const campaignId = of?.ad_plan_id ?? "";
      const links = Object.values(one.urls ?? {}).map((link) => link?.url);
      return {
        id: one.id,
        campaignId,
        campaignName: plans.get(campaignId)?.name ?? "",
        groupId: one.ad_group_id,
        name: one.name,
        utm: utmOf([of?.utm, ...links].filter((text) => typeof text === "string")),
      };
    });
    return new Map(found.map((ad) => [ad.id, ad]));
  }

  /** One id that the statistics do not know fails the whole request: it is found by halving. */
  async statistics(ids: readonly string[], days: Days): Promise<DailyStat[]> {
    try {
      return await this.askStatistics(ids, days);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 400) throw error;
      if (ids.length === 1) {
        this.input.report.note(NOTES.unknownAd);
        this.input.run.log.warning(`VK Ads has no statistics of ad ${ids[0]} of account ${this.account}`);
        return [];
      }
      const half = Math.ceil(ids.length / 2);
      const first = await this.statistics(ids.slice(0, half), days);
      return [...first, ...(await this.statistics(ids.slice(half), days))];
    }
  }

  private get account(): string {
    return this.input.account.account;
  }

  /** A token of another account would load its spend under this one's name; another currency would count as roubles. */
  private async checkAccount(): Promise<void> {
    const shape = z.object({ id, currency: z.string().nullish() });
    const parsed = shape.safeParse(await this.client.get("/api/v3/user.json", { fields: "id,currency" }));
    if (!parsed.success)
      throw new VkProtocolError(`VK Ads does not say whose token that of account ${this.account} is.`);
    const { id: found, currency } = parsed.data;
    if (found !== this.account) {
      throw new ExpectedError(
        `VK Ads gave a token of account ${found} for account ${this.account}: correct the account or its credentials in VK_ACCOUNTS.`,
      );
    }
    if (currency && currency !== "RUB") {
      throw new ExpectedError(
        `Account ${this.account} of VK Ads counts in ${currency}; only roubles can be loaded.`,
      );
    }
  }

  /** A whole list, page by page; what cannot be read is put aside. */
  private async list<T extends { id: string }>(
    resource: "ad_plans" | "ad_groups" | "banners",
    fields: string,
    shape: z.ZodType<T>,
  ): Promise<Map<string, T>> {
    const { report, run } = this.input;
    const envelope = z.object({ count: z.int().min(0), items: z.array(z.unknown()) });
    const found = new Map<string, T>();
    const seen = new Set<string>();
    for (let offset = 0; ;) {
      const query = {
        fields,
        limit: String(PAGE),
        offset: String(offset),
        sorting: "id",
        _status__in: EVERY_STATUS,
      };
      const parsed = envelope.safeParse(
        await run.stopwatch.wait("fetch", this.client.get(`/api/v2/${resource}.json`, query)),
      );
      if (!parsed.success)
        throw new VkProtocolError(`VK Ads answered ${resource} of account ${this.account} without a list.`);
      const { count, items } = parsed.data;
      report.read(items.length, 0);
      for (const raw of items) {
        const one = shape.safeParse(raw);
        const given = (raw as { id?: unknown } | null)?.id;
        const key = String(given);
        if (seen.has(key)) {
          throw new VkProtocolError(
            `VK Ads gave ${resource} of account ${this.account} twice in a list; run the load again.`,
          );
        }
        seen.add(key);
        if (one.success) found.set(one.data.id, one.data);
        else this.reject(resource, given, reasonOf(one.error));
      }
      offset += items.length;
      if (items.length === 0 || offset >= count) return found;
    }
  }

  private async askStatistics(ids: readonly string[], { from, to }: Days): Promise<DailyStat[]> {
    const { run } = this.input;
    const query = { id: ids.join(","), date_from: from, date_to: to, metrics: "base" };
    const parsed = statistics.safeParse(
      await run.stopwatch.wait("fetch", this.client.get("/api/v2/statistics/banners/day.json", query)),
    );
    if (!parsed.success)
      throw new VkProtocolError(`VK Ads answered statistics of account ${this.account} without a list.`);
    return run.stopwatch.time("rows", () => parsed.data.items.flatMap((raw) => this.readItem(raw)));
  }

  private readItem(raw: unknown): DailyStat[] {
    const parsed = item.safeParse(raw);
    if (!parsed.success) {
      this.reject("statistics", (raw as { id?: unknown } | null)?.id, reasonOf(parsed.error));
      return [];
    }
    const { id: adId, rows, total } = parsed.data;
    const stats = (rows ?? []).flatMap((row): DailyStat[] => {
      const one = statRow.safeParse(row);
      if (!one.success) {
        this.reject("statistics", adId, reasonOf(one.error));
        return [];
      }
      const { date, base } = one.data;
      return [{ adId, day: date, impressions: base.shows, clicks: base.clicks, spend: base.spent }];
    });
    const sum = stats.reduce((all, one) => all + one.spend, 0);
    if (total && stats.length === (rows ?? []).length && total.base.spent !== sum) {
      this.input.report.note(NOTES.wrongTotal);
      this.input.run.log.warning(
        `The days of ad ${adId} of account ${this.account} add up to ${moneyText(sum)}, its total is ${moneyText(total.base.spent)}`,
      );
    }
    return stats;
  }

  private reject(what: string, given: unknown, reason: string): void {
    this.input.report.note(NOTES.rejected);
    this.input.run.quarantine.add(what, given, reason);
  }
}
