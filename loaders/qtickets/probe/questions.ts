import type { ProbeQuestion } from "../../pipeline/probe";
import { limitQuestions } from "../../pipeline/probe-judge";
import type { Call } from "./call-names";
import { LARGE, LARGEST, PAGE } from "./calls";
import * as filters from "./judge-filters";
import * as content from "./judge-content";
import * as paging from "./judge-paging";
import * as times from "./judge-times";

/** What is asked of a Qtickets that nobody has met yet. */
export const QUESTIONS: readonly ProbeQuestion<Call>[] = [
  { id: "reach.answers", question: "Does the API answer?", by: ["plain"], judge: paging.answers },
  { id: "reach.token", question: "Is the token taken?", by: ["plain"], judge: paging.token },
  {
    id: "reach.wrongToken",
    question: "Is a wrong token refused with 403?",
    by: ["wrongToken"],
    judge: paging.wrongToken,
  },
  {
    id: "reach.body",
    question: "Does the body of a GET reach the API?",
    by: ["plain", "newest", "second"],
    judge: paging.body,
  },
  {
    id: "filter.payed",
    question: "Is the filter by payed honoured?",
    by: ["plain", "newest"],
    judge: filters.payed,
  },
  {
    id: "filter.payed_at",
    question: "Is the filter by payed_at honoured?",
    by: ["newest", "paidIn2100", "paidRecently"],
    judge: filters.payedAt,
  },
  {
    id: "filter.updated_at",
    question: "Is the filter by updated_at honoured?",
    by: ["plain", "changedIn2100", "changedRecently"],
    judge: filters.updatedAt,
  },
  {
    id: "filter.id",
    question: "Is the filter by id honoured?",
    by: ["newest", "aboveId"],
    judge: filters.id,
  },
  {
    id: "filter.event_id",
    question: "Is the filter by event_id honoured?",
    by: ["plain", "ordersOfEvent"],
    judge: filters.eventId,
  },
  {
    id: "filter.offset",
    question: "Does a filter by time mind the offset of its value?",
    by: ["newest", "paidRecently", "paidRecentlyUtc"],
    judge: filters.offset,
  },
  {
    id: "filter.unknown",
    question: "Is a filter by an unknown column refused?",
    by: ["unknownColumn"],
    judge: filters.unknownColumn,
  },
  {
    id: "filter.queryString",
    question: "Are filters in the query string honoured, in PHP's form?",
    by: ["plain", "queryString"],
    judge: filters.queryString,
  },
  {
    id: "order.descending",
    question: "Is the order by descending id honoured?",
    by: ["newest"],
    judge: paging.descending,
  },
  {
    id: "order.ascending",
    question: "Is the order by ascending id honoured?",
    by: ["aboveId"],
    judge: paging.ascending,
  },
  {
    id: "page.frame",
    question: "Does a list come with perPage, currentPage and total?",
    by: ["plain"],
    judge: paging.frame,
  },
  {
    id: "page.number",
    question: "Is the number of the page honoured?",
    by: ["newest", "second"],
    judge: paging.number,
  },
  {
    id: "page.behind",
    question: "Is a page behind the last one empty?",
    by: ["behind"],
    judge: paging.behind,
  },
  {
    id: "page.size",
    question: `Is a page of ${PAGE} rows given where it is asked for?`,
    by: ["newest"],
    judge: (seen) => paging.size(seen, "newest", PAGE),
  },
  {
    id: "page.large",
    question: `Is a page of ${LARGE} rows given where it is asked for?`,
    by: ["large"],
    judge: (seen) => paging.size(seen, "large", LARGE),
  },
  {
    id: "page.limit",
    question: `Is there a greatest page size below ${LARGEST}?`,
    by: ["largest"],
    judge: paging.limit,
  },
  {
    id: "select.orders",
    question: "Does select leave out of orders what was not asked for?",
    by: ["newest"],
    judge: content.selectOfOrders,
  },
  {
    id: "select.events",
    question: "Does select leave out of events what was not asked for?",
    by: ["events"],
    judge: content.selectOfEvents,
  },
  ...limitQuestions<Call>(),
  {
    id: "time.offset",
    question: "Does every time carry an offset?",
    by: times.SAMPLES,
    judge: times.offset,
  },
  { id: "time.moscow", question: "Is it always +03:00?", by: times.SAMPLES, judge: times.moscow },
  {
    id: "time.form",
    question: "Is every time written as 2030-01-01T12:00:00+03:00?",
    by: times.SAMPLES,
    judge: times.form,
  },
  {
    id: "refund.amount",
    question: "Does a refunded ticket tell refunded_amount?",
    by: content.ORDERS,
    judge: content.refundAmount,
  },
  {
    id: "refund.ticketAmount",
    question: "Is ticket_amount of a refunded ticket 0?",
    by: ["changedLate"],
    judge: content.refundTicketAmount,
  },
  {
    id: "refund.list",
    question: "Does refunds of an order with a refunded ticket hold anything?",
    by: ["changedLate"],
    judge: content.refundList,
  },
  {
    id: "refund.updated",
    question: "Does a refund move updated_at of the order?",
    by: content.ORDERS,
    judge: content.refundUpdated,
  },
  {
    id: "refund.payed",
    question: "Does an order with a refunded ticket stay payed?",
    by: content.ORDERS,
    judge: content.refundPayed,
  },
  {
    id: "deleted.updated",
    question: "Does the deletion of a ticket move updated_at of the order?",
    by: content.ORDERS,
    judge: content.deletionUpdated,
  },
  {
    id: "price.sum",
    question: "Is the price of an order the sum of all its tickets, refunded and deleted ones included?",
    by: ["changedLate"],
    judge: content.priceSum,
  },
  {
    id: "price.piece",
    question: "Is the price of a ticket per piece where its quantity is above 1?",
    by: ["plain", "changedLate"],
    judge: content.pricePerPiece,
  },
  {
    id: "season.price",
    question: "Do a season ticket and the tickets it is linked with all carry a price?",
    by: ["plain", "changedLate"],
    judge: content.seasonPrice,
  },
  {
    id: "exchange.fields",
    question: "Do orders carry primary_orders or secondary_orders, as after an exchange?",
    by: ["plain"],
    judge: content.exchangeFields,
  },
  {
    id: "order.shows",
    question: "Can an order hold tickets of several shows?",
    by: content.ORDERS,
    judge: content.severalShows,
  },
  {
    id: "event.city",
    question: "Does every event carry its city as an object with a name?",
    by: ["events"],
    judge: content.cityObject,
  },
  {
    id: "event.language",
    question: "Can the name of an event be an object keyed by language?",
    by: ["events"],
    judge: content.nameByLanguage,
  },
  {
    id: "seats.counters",
    question: "Does every seat carry its counters with select and flat?",
    by: ["seats"],
    judge: content.seatCounters,
  },
  {
    id: "seats.tariffs",
    question: "Is a place repeated once per tariff?",
    by: ["seats"],
    judge: content.seatTariffs,
  },
  {
    id: "seats.entrance",
    question: "Do places without a number (entrance) count by quantities above 1?",
    by: ["seats"],
    judge: content.seatEntrance,
  },
  {
    id: "seats.closed",
    question: "Are places that are switched off listed, as disabled?",
    by: ["seats"],
    judge: content.seatsDisabled,
  },
  {
    id: "barcodes.total",
    question: "Are there as many barcodes of a show as paid tickets that are neither deleted nor refunded?",
    by: ["ordersOfEvent", "barcodes"],
    judge: content.barcodeTotal,
  },
];
