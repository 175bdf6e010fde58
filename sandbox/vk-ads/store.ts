import type { Account, AdGroup, AdPlan, Banner, Cabinet, DayStat } from "./types";

/**
 * Accounts in memory, to be changed at will while the sandbox serves them: the vendor's side of tests that make up their
 * own history. Nothing changes by itself. To delete a campaign, a group or an ad is to change its status.
 */
export class VkStore implements Cabinet {
  private readonly accountsById = new Map<string, Account>();
  private readonly plansById = new Map<number, AdPlan>();
  private readonly groupsById = new Map<number, AdGroup>();
  private readonly bannersById = new Map<number, Banner>();
  private readonly days = new Map<number, Map<string, DayStat>>();

  putAccount(account: Account): void {
    this.accountsById.set(account.id, account);
  }

  /** Adds a campaign or puts it in the place of the one with its id; so do the methods for groups and ads. */
  putAdPlan(adPlan: AdPlan): void {
    this.plansById.set(adPlan.id, adPlan);
  }

  putAdGroup(adGroup: AdGroup): void {
    this.groupsById.set(adGroup.id, adGroup);
  }

  putBanner(banner: Banner): void {
    this.bannersById.set(banner.id, banner);
  }

  /**
   * Changes fields of a campaign.
   * @throws Error when there is no such campaign
   */
  changeAdPlan(id: number, fields: Partial<Omit<AdPlan, "id">>): void {
    this.putAdPlan({ ...found(this.plansById, id), ...fields });
  }

  /**
   * Changes fields of a group: its UTM, its campaign …
   * @throws Error when there is no such group
   */
  changeAdGroup(id: number, fields: Partial<Omit<AdGroup, "id">>): void {
    this.putAdGroup({ ...found(this.groupsById, id), ...fields });
  }

  /**
   * Changes fields of an ad: its links, its group …
   * @throws Error when there is no such ad
   */
  changeBanner(id: number, fields: Partial<Omit<Banner, "id">>): void {
    this.putBanner({ ...found(this.bannersById, id), ...fields });
  }

  /** Takes an ad out of every list, as if it had never existed. */
  removeBanner(id: number): void {
    this.bannersById.delete(id);
  }

  /** Sets or corrects what an ad did on a day. */
  putStat(banner: number, stat: DayStat): void {
    const days = this.days.get(banner) ?? new Map<string, DayStat>();
    this.days.set(banner, days);
    days.set(stat.day, stat);
  }

  /** Takes a day of an ad away. */
  removeStat(banner: number, day: string): void {
    this.days.get(banner)?.delete(day);
  }

  /** Starts anew, with nothing. */
  clear(): void {
    for (const kept of [this.accountsById, this.plansById, this.groupsById, this.bannersById, this.days]) {
      kept.clear();
    }
  }

  accounts(): readonly Account[] {
    return [...this.accountsById.values()];
  }

  adPlans(account: string): readonly AdPlan[] {
    return byId(this.plansById).filter((adPlan) => adPlan.account === account);
  }

  adGroups(account: string): readonly AdGroup[] {
    return byId(this.groupsById).filter(({ adPlan }) => this.plansById.get(adPlan)?.account === account);
  }

  banners(account: string): readonly Banner[] {
    const groups = new Set(this.adGroups(account).map(({ id }) => id));
    return byId(this.bannersById).filter(({ adGroup }) => groups.has(adGroup));
  }

  stats({ id }: Banner, from: string, to: string): readonly DayStat[] {
    return [...(this.days.get(id)?.values() ?? [])]
      .filter(({ day }) => day >= from && day <= to)
      .sort((a, b) => a.day.localeCompare(b.day));
  }
}

function found<T>(objects: ReadonlyMap<number, T>, id: number): T {
  const object = objects.get(id);
  if (object === undefined) throw new Error(`The store has no object ${id}`);
  return object;
}

function byId<T extends { id: number }>(objects: ReadonlyMap<number, T>): T[] {
  return [...objects.values()].sort((a, b) => a.id - b.id);
}
