import { findClient, type Client } from "../clients";
import { bearerToken } from "../http";
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
  createApi: (settings, clients) =>
    createQticketsApi(new DataSet({ ...dataSetDefaults, ...settings }), defaultBehaviour, clients),
};

/** The Qtickets REST API over any data, with its faults. The credential of a client is its token. */
export function createQticketsApi(
  data: Organiser,
  behaviour: Behaviour,
  clients: readonly Client[],
): VendorApi {
  const answer = qticketsHandler(data, behaviour);
  return {
    admit: (request) => {
      const client = findClient(clients, bearerToken(request));
      return client === undefined ? { refusal: forbidden() } : { client };
    },
    headers: () => ({
      server: "nginx",
      "cache-control": "no-cache, private",
      "x-cache-status": "MISS",
      "strict-transport-security": "max-age=31536000",
    }),
    answer: (request, faults) => alterContent(answer(alterRequest(request, faults)), request, faults),
    violationOf,
    errorAnswer: (_, status, body) => errorAnswer(status, body),
    summary: () => `${data.orders().length} orders, ${data.events().length} events`,
  };
}
