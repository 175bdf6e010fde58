import type { Vendor, VendorApi } from "../vendor";
import { qticketsHandler, violationOf } from "./api";
import { DataSet, dataSetDefaults } from "./data-set";
import { errorAnswer, forbidden } from "./errors";
import { alterContent, alterRequest } from "./fault-effects";
import { defaultBehaviour, type Behaviour } from "./lists";
import type { Organiser } from "./store";

/** The stand-in for the Qtickets REST API. */
export const qtickets: Vendor = {
  name: "qtickets",
  basePath: "/api/rest/v1",
  createApi: (settings) =>
    createQticketsApi(new DataSet({ ...dataSetDefaults, ...settings }), defaultBehaviour),
};

/** The Qtickets REST API over any data, with its faults. */
export function createQticketsApi(data: Organiser, behaviour: Behaviour): VendorApi {
  const answer = qticketsHandler(data, behaviour);
  return {
    headers: {
      server: "nginx",
      "cache-control": "no-cache, private",
      "x-cache-status": "MISS",
      "strict-transport-security": "max-age=31536000",
    },
    answer: (request, faults) => alterContent(answer(alterRequest(request, faults)), request, faults),
    violationOf,
    forbidden,
    errorAnswer,
    summary: () => `${data.orders().length} orders, ${data.events().length} events`,
  };
}
