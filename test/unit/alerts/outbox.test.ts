import { describe, expect, it } from "vitest";
import { SendFailure, type Send } from "../../../alerts/channels/send";
import type { Message } from "../../../alerts/messages";
import { deliver, EMPTY_OUTBOX, LETTER_RETRY, outbox, post, type Outbox } from "../../../alerts/outbox";
import { createLog } from "../../../loaders/core/log";
import { fakeClock } from "../loaders/fake-clock";

/** What is sent by which channel, when, and how often. Not proved here: that the channels themselves send. */
const message = (id: string): Message => ({
  id,
  subject: `subject of ${id}`,
  text: id,
  fields: { kind: "alert" },
});

class Post {
  readonly clock = fakeClock();
  readonly sent: string[] = [];
  readonly said: string[] = [];
  readonly broken = new Set<string>();
  box: Outbox = EMPTY_OUTBOX;

  private readonly log = createLog({
    name: "test",
    level: "INFO",
    format: "text",
    write: (line) => this.said.push(line.trim()),
  });

  constructor(readonly names = ["hook", "mail"]) {}

  put(...ids: string[]): void {
    this.box = post(this.box, ids.map(message), this.names, this.clock.now());
  }

  async deliver(names = this.names): Promise<void> {
    const send =
      (name: string): Send =>
      ({ id }) => {
        if (this.broken.has(name)) return Promise.reject(new SendFailure("HTTP 500"));
        this.sent.push(`${name} ${id}`);
        return Promise.resolve();
      };
    const channels = new Map(names.map((name) => [name, send(name)]));
    const kept: Outbox[] = [];
    const after = await deliver(this.box, {
      channels,
      clock: this.clock,
      log: this.log,
      onChange: (box) => kept.push(outbox.parse(JSON.parse(JSON.stringify(box)))),
    });
    if (kept.length > 0) expect(kept.at(-1)).toEqual(after);
    this.box = after;
  }

  of(name: string): string[] {
    return this.sent.filter((one) => one.startsWith(`${name} `)).map((one) => one.slice(name.length + 1));
  }
}

describe("the outbox", () => {
  it("sends each message once by each channel, in their order", async () => {
    const mail = new Post();
    mail.put("1", "2");
    await mail.deliver();
    await mail.deliver();
    expect(mail.of("hook")).toEqual(["1", "2"]);
    expect(mail.of("mail")).toEqual(["1", "2"]);
    expect(mail.box).toEqual(EMPTY_OUTBOX);
  });

  it("keeps what a broken channel did not take, in order, while the others go on", async () => {
    const mail = new Post();
    mail.broken.add("mail");
    mail.put("1");
    await mail.deliver();
    mail.put("2");
    await mail.deliver();
    expect(mail.of("hook")).toEqual(["1", "2"]);
    expect(mail.of("mail")).toEqual([]);
    // The first is not due yet, and the second does not overtake it.
    mail.broken.clear();
    await mail.deliver();
    expect(mail.of("mail")).toEqual([]);
    await mail.clock.sleep(LETTER_RETRY.firstWait);
    await mail.deliver();
    expect(mail.of("mail")).toEqual(["1", "2"]);
    expect(mail.box).toEqual(EMPTY_OUTBOX);
  });

  it("counts the failures of a channel until it works again, and says nothing of where it sends", async () => {
    const mail = new Post(["mail"]);
    mail.broken.add("mail");
    mail.put("1");
    for (let i = 0; i < 3; i += 1) {
      await mail.deliver();
      await mail.clock.sleep(LETTER_RETRY.longestWait);
    }
    expect(mail.box.failing).toEqual({ mail: { failures: 3, reason: "HTTP 500" } });
    mail.broken.clear();
    await mail.deliver();
    expect(mail.box).toEqual(EMPTY_OUTBOX);
    expect(
      mail.said.filter((line) => line.includes("Not sent by mail (HTTP 500), next try in")),
    ).toHaveLength(3);
  });

  it("gives a message up after its tries, and goes on with the next", async () => {
    const mail = new Post(["mail"]);
    mail.broken.add("mail");
    mail.put("1");
    for (let i = 1; i < LETTER_RETRY.attempts; i += 1) {
      await mail.deliver();
      await mail.clock.sleep(LETTER_RETRY.longestWait);
    }
    mail.put("2");
    await mail.deliver();
    expect(mail.box.letters.map((one) => one.message.id)).toEqual(["2"]);
    expect(mail.said.some((line) => line.includes("Given up after 12 tries by mail (HTTP 500)"))).toBe(true);
    mail.broken.clear();
    await mail.clock.sleep(LETTER_RETRY.longestWait);
    await mail.deliver();
    expect(mail.of("mail")).toEqual(["2"]);
  });

  it("drops what waits for a channel that is gone", async () => {
    const mail = new Post();
    mail.broken.add("mail");
    mail.put("1");
    await mail.deliver();
    await mail.deliver(["hook"]);
    expect(mail.box).toEqual(EMPTY_OUTBOX);
  });
});
