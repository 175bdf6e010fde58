import type { Client } from "./clients";
import type { ActiveFaults } from "./faults";
import type { Answer, ApiRequest } from "./http";

/** Size of the generated data, the same for every vendor. */
export interface DataSettings {
  /** The same seed and day give the same data. */
  seed: number;
  /** Orders created per Moscow day. */
  ordersPerDay: number;
  /** Full days of data before today. */
  days: number;
  /** Number of events. */
  events: number;
}

/** A vendor that the sandbox can stand in for. */
export interface Vendor {
  /** Its name in `SANDBOX_CLIENTS` and in fault rules, and its folder here. */
  name: string;
  /** Path below which its API lies, e.g. `/api/rest/v1`. It must not lie below another vendor's, nor begin with `/__`. */
  basePath: string;
  /**
   * Makes its API over generated data.
   * @throws Error when a client lacks what the vendor needs to know of it
   */
  createApi(data: DataSettings, clients: readonly Client[]): VendorApi;
}

/** Who sent a request, or the vendor's own refusal of a client that it does not know. */
export type Admission = { client: Client } | { refusal: Answer };

/** What one vendor's API answers. */
export interface VendorApi {
  /** Whether the request comes from a client that the vendor knows. Asked before anything else; changes nothing. */
  admit(request: ApiRequest): Admission;
  /** Headers of every answer, refusals included; those of the answer itself win. */
  headers(admission: Admission, request: ApiRequest, faults: ActiveFaults): Readonly<Record<string, string>>;
  /**
   * The answer to any request of a known client, also to an unknown route or method. Of the faults, those of content are
   * the API's to apply: how a list is paged and filtered is its own affair.
   */
  answer(request: ApiRequest, faults: ActiveFaults, client: Client): Answer;
  /** Why a read-only client must never send this request; undefined when it may. */
  violationOf(request: ApiRequest): string | undefined;
  /** The answer of the fault `status`: the API's shape for that status, or a page of HTML. */
  errorAnswer(request: ApiRequest, status: number, body: "json" | "html"): Answer;
  /** What the data hold, for the log: `13 orders, 12 events`. */
  summary(): string;
}

/** A vendor as the server serves it. */
export interface ServedVendor extends Pick<Vendor, "name" | "basePath"> {
  api: VendorApi;
  clients: readonly Client[];
}

/** The vendors that have clients, each with its API; a vendor without one is not served. */
export function vendorsWithClients(
  vendors: readonly Vendor[],
  clients: Readonly<Record<string, readonly Client[] | undefined>>,
  data: DataSettings,
): ServedVendor[] {
  return vendors.flatMap((vendor) => {
    const { name, basePath } = vendor;
    const known = clients[name];
    return known === undefined
      ? []
      : [{ name, basePath, api: vendor.createApi(data, known), clients: known }];
  });
}
