import { moscowTime } from "../schedule/timetable";
import type { Event } from "./incidents";

/** What a channel sends: the same facts as lines for people and as fields for programs. */
export interface Message {
  /** Tells it from every other; the same when it is sent again. */
  id: string;
  subject: string;
  text: string;
  fields: Record<string, string>;
}

/** What people are told of an incident. */
export function messageOf(stack: string, { kind, incident, at }: Event): Message {
  const { id, rule, subject, severity, sentence, command, since } = incident;
  const lines =
    kind === "alert"
      ? [
          `${severity.toUpperCase()} on stack ${stack}: ${sentence}`,
          `Since: ${moscowTime(since)}`,
          `More: ${command}`,
        ]
      : [
          `RECOVERED on stack ${stack}. It was: ${sentence}`,
          `From ${moscowTime(since)} to ${moscowTime(at)}`,
          `More: ${command}`,
        ];
  return {
    id: `${id}.${kind}`,
    subject: `[zakaz ${stack}] ${kind === "alert" ? severity : "recovered"}: ${rule} ${subject}`,
    text: lines.join("\n"),
    fields: {
      kind,
      stack,
      incident: id,
      rule,
      subject,
      severity,
      sentence,
      since: new Date(since).toISOString(),
      at: new Date(at).toISOString(),
      command,
    },
  };
}

/** What a channel is tried with. */
export function testMessage(stack: string, channel: string, id: string, at: number): Message {
  const sentence = `This is a test: alerts of stack ${stack} arrive by the channel ${channel}.`;
  return {
    id: `${id}.test`,
    subject: `[zakaz ${stack}] test of the alerts`,
    text: `${sentence}\nSent: ${moscowTime(at)}\nMore: npx zakaz status`,
    fields: {
      kind: "test",
      stack,
      incident: id,
      sentence,
      at: new Date(at).toISOString(),
      command: "npx zakaz status",
    },
  };
}
