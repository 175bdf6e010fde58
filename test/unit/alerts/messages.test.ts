import { expect, it } from "vitest";
import type { Incident } from "../../../alerts/incidents";
import { rowOf } from "../../../alerts/journal";
import { messageOf, testMessage } from "../../../alerts/messages";

const incident: Incident = {
  id: "11111111-2222-4333-8444-555555555555",
  rule: "failedRun",
  subject: "vk_ads",
  severity: "error",
  sentence: "The last run of vk_ads failed.",
  command: "npx zakaz diagnose",
  since: Date.UTC(2030, 0, 31, 9),
  firstSeen: Date.UTC(2030, 0, 31, 9, 1),
  alertedAt: Date.UTC(2030, 0, 31, 9, 1),
};
const alert = { kind: "alert" as const, incident, at: Date.UTC(2030, 0, 31, 9, 1) };
const recovered = { kind: "recovered" as const, incident, at: Date.UTC(2030, 0, 31, 10) };

it("an alert says what, since when, and which command shows more", () => {
  const { subject, text, id, fields } = messageOf("prod", alert);
  expect(subject).toBe("[zakaz prod] error: failedRun vk_ads");
  expect(text).toBe(
    "ERROR on stack prod: The last run of vk_ads failed.\nSince: 2030-01-31 12:00:00 Moscow time\nMore: npx zakaz diagnose",
  );
  expect(id).toBe("11111111-2222-4333-8444-555555555555.alert");
  expect(fields).toEqual({
    kind: "alert",
    stack: "prod",
    incident: "11111111-2222-4333-8444-555555555555",
    rule: "failedRun",
    subject: "vk_ads",
    severity: "error",
    sentence: "The last run of vk_ads failed.",
    since: "2030-01-31T09:00:00.000Z",
    at: "2030-01-31T09:01:00.000Z",
    command: "npx zakaz diagnose",
  });
});

it("a recovery says what it was, from when to when", () => {
  const { subject, text } = messageOf("prod", recovered);
  expect(subject).toBe("[zakaz prod] recovered: failedRun vk_ads");
  expect(text).toBe(
    "RECOVERED on stack prod. It was: The last run of vk_ads failed.\n" +
      "From 2030-01-31 12:00:00 Moscow time to 2030-01-31 13:00:00 Moscow time\nMore: npx zakaz diagnose",
  );
});

it("a test names its channel", () => {
  expect(testMessage("prod", "mail", incident.id, recovered.at).text).toBe(
    "This is a test: alerts of stack prod arrive by the channel mail.\nSent: 2030-01-31 13:00:00 Moscow time\nMore: npx zakaz status",
  );
});

it("the table has a row of an alert with its severity, and one of its end for information", () => {
  expect(rowOf(alert)).toMatchObject({
    id: incident.id,
    severity: "error",
    job: "vk_ads",
    code: "failedRun",
    message: "The last run of vk_ads failed.",
    context: { incident: "alert", since: incident.since, command: "npx zakaz diagnose", severity: "error" },
  });
  expect(rowOf(recovered)).toMatchObject({
    severity: "info",
    message: "Recovered. It was: The last run of vk_ads failed.",
    context: { incident: "recovered", severity: "error" },
  });
});
