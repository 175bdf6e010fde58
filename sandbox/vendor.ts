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
  /** Its name in `SANDBOX_TOKENS` and in fault rules, and its folder here. */
  name: string;
  /** Path below which its API lies, e.g. `/api/rest/v1`. It must not lie below another vendor's, nor begin with `/__`. */
  basePath: string;
  /** Makes its API over generated data. */
  createApi(data: DataSettings): VendorApi;
}

/** What one vendor's API answers. The server has checked the token before it asks. */
export interface VendorApi {
  /** Headers of every answer; those of the answer itself win. */
  headers: Readonly<Record<string, string>>;
  /**
   * The answer to any request, also to an unknown route or method. Of the faults, those of content are the API's to
   * apply: how a list is paged and filtered is its own affair.
   */
  answer(request: ApiRequest, faults: ActiveFaults): Answer;
  /** Why a read-only client must never send this request; undefined when it may. */
  violationOf(request: Pick<ApiRequest, "method" | "path">): string | undefined;
  /** The answer to a bad or missing token. */
  forbidden(): Answer;
  /** The answer of the fault `status`: the API's shape for that status, or a page of HTML. */
  errorAnswer(status: number, body: "json" | "html"): Answer;
  /** What the data hold, for the log: `13 orders, 12 events`. */
  summary(): string;
}

/** A vendor as the server serves it. */
export interface ServedVendor extends Pick<Vendor, "name" | "basePath"> {
  api: VendorApi;
  /** SHA-256 of the accepted token, hex. */
  tokenSha256: string;
}

/** The vendors that have a token, each with its API; a vendor without one is not served. */
export function vendorsWithToken(
  vendors: readonly Vendor[],
  tokens: Readonly<Record<string, string | undefined>>,
  data: DataSettings,
): ServedVendor[] {
  return vendors.flatMap((vendor) => {
    const { name, basePath } = vendor;
    const tokenSha256 = tokens[name];
    return tokenSha256 === undefined ? [] : [{ name, basePath, api: vendor.createApi(data), tokenSha256 }];
  });
}
