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
const STATISTICS = "/api/v2/statistics/banners/day.json";
/** A stopped ad has a history, so that every status is wanted; without the filter the API leaves some out. */
const EVERY_STATUS = "active,blocked,deleted";

const id = field(readId);
const name = z.string().catch("");

const plan = z.object({ id, name });
const group = z.object({ id, ad_plan_id: id, utm: z.string().nullish() });
const link = z.object({ url: z.string().nullish() }).nullish().catch(null);
const banner = z.object({
  id,
  name,
  ad_group_id: id,
  urls: z
    .union([z.record(z.string(), link), z.array(link)])
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

  /**
   * One id that the statistics do not know fails the whole request: it is found by halving. Where no id is known, it is the
   * request that is wrong, and its failure is thrown.
   */
  async statistics(ids: readonly string[], days: Days): Promise<DailyStat[]> {
    const all = await this.askKnown(ids, days);
    if (!(all instanceof ApiError)) return all;
    const unknown: string[] = [];
    const stats = await this.halve({ ids, days, unknown });
    if (unknown.length === ids.length) throw all;
    for (const adId of unknown) {
      this.input.report.note(NOTES.unknownAd);
      this.input.run.log.warning(`VK Ads has no statistics of ad ${adId} of account ${this.account}`);
    }
    return stats;
  }

  /** Asks for the halves of ids that were refused together. If the first is good, the second need not be asked for whole. */
  private async halve(refused: Refused): Promise<DailyStat[]> {
    const { ids, days, unknown } = refused;
    if (ids.length === 1) {
      unknown.push(...ids);
      return [];
    }
    const half = Math.ceil(ids.length / 2);
    const [left, right] = [ids.slice(0, half), ids.slice(half)];
    const first = await this.askKnown(left, days);
    const isLeftGood = !(first instanceof ApiError);
    const stats = isLeftGood ? first : await this.halve({ ...refused, ids: left });
    // The last one is asked for all the same: whatever failed the request may have passed.
    const second = isLeftGood && right.length > 1 ? undefined : await this.askKnown(right, days);
    const isRightGood = second !== undefined && !(second instanceof ApiError);
    return [...stats, ...(isRightGood ? second : await this.halve({ ...refused, ids: right }))];
  }

  /** The statistics, or the error of a request that was refused for what it asks. */
  private async askKnown(ids: readonly string[], days: Days): Promise<DailyStat[] | ApiError> {
    try {
      return await this.askStatistics(ids, days);
    } catch (error) {
      if (error instanceof ApiError && isBadRequest(error)) return error;
      throw error;
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
        if (!one.success) {
          this.reject(resource, (raw as { id?: unknown } | null)?.id, reasonOf(one.error));
          continue;
        }
        if (found.has(one.data.id)) {
          throw new VkProtocolError(
            `VK Ads gave ${resource} of account ${this.account} twice in a list; run the load again.`,
          );
        }
        found.set(one.data.id, one.data);
      }
      offset += items.length;
      if (items.length === 0 && offset < count) {
        if (offset === 0)
          throw new VkProtocolError(`VK Ads gave none of ${count} ${resource} of account ${this.account}.`);
        report.incomplete(`only ${offset} of ${count} ${resource} came, as a page was empty`);
      }
      // A full page that reaches beyond the count shows that the count is wrong.
      const goesOn = offset < count || (offset > count && items.length === PAGE);
      if (items.length === 0 || !goesOn) return found;
    }
  }

  private async askStatistics(ids: readonly string[], { from, to }: Days): Promise<DailyStat[]> {
    const { run } = this.input;
    const query = { id: ids.join(","), date_from: from, date_to: to, metrics: "base" };
    const parsed = statistics.safeParse(
      await run.stopwatch.wait("fetch", this.client.get(STATISTICS, query, isBadRequest)),
    );
    if (!parsed.success)
      throw new VkProtocolError(`VK Ads answered statistics of account ${this.account} without a list.`);
    const stats = run.stopwatch.time("rows", () => parsed.data.items.map((raw) => this.readItem(raw)));
    const wrong = stats.flatMap((one) => (one.difference === undefined ? [] : [one.difference]));
    if (wrong.length > 0) {
      run.log.warning(
        `VK Ads gave totals that are not the sum of the days for ${wrong.length} ads of account ${this.account}, e.g. ${wrong[0]}`,
      );
    }
    return stats.flatMap((one) => one.stats);
  }

  /** The days of an ad, and in which way its total differs from their sum. */
  private readItem(raw: unknown): { stats: DailyStat[]; difference?: string } {
    const parsed = item.safeParse(raw);
    if (!parsed.success) {
      this.reject("statistics", (raw as { id?: unknown } | null)?.id, reasonOf(parsed.error));
      return { stats: [] };
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
    if (!total || stats.length < (rows ?? []).length) return { stats };
    const sum = (of: (one: DailyStat) => number) => stats.reduce((all, one) => all + of(one), 0);
    const { shows, clicks, spent } = total.base;
    const spend = sum((one) => one.spend);
    const isRight =
      spend === spent && sum((one) => one.clicks) === clicks && sum((one) => one.impressions) === shows;
    if (isRight) return { stats };
    this.input.report.note(NOTES.wrongTotal);
    return {
      stats,
      difference: `ad ${adId}: ${moneyText(spend)} in days, ${moneyText(spent)} in total`,
    };
  }

  private reject(what: string, given: unknown, reason: string): void {
    this.input.report.note(NOTES.rejected);
    this.input.run.quarantine.add(`account ${this.account}`, given, `${what}: ${reason}`);
  }
}

/** Ids that were refused together, and the place for those that are the reason. */
interface Refused {
  ids: readonly string[];
  days: Days;
  unknown: string[];
}

const isBadRequest = ({ status }: ApiError): boolean => status === 400;
