/** Live lines of a command in Pulumi's display, over the engine's Log call. */
import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

export class EngineLog {
  private client: EngineClient | undefined;
  /** The engine shows lines in the order of their arrival: each waits for the one before. */
  private last: Promise<void> = Promise.resolve();

  /** Pulumi names its address in the arguments, in Handshake or in Attach. */
  connect(address: string): void {
    if (address === "") return;
    this.client ??= new EngineClient(address, grpc.credentials.createInsecure());
  }

  /** Shows one line beside the resource. A line that cannot be shown is no failure. */
  line(urn: string, message: string): void {
    const client = this.client;
    if (!client) return;
    const request = new LogRequest()
      .setSeverity(LogSeverity.INFO)
      .setUrn(urn)
      .setMessage(message)
      .setEphemeral(true);
    this.last = this.last.then(() => new Promise((resolve) => client.log(request, () => resolve())));
  }

  /** Resolves once every line so far has arrived. */
  flushed(): Promise<void> {
    return this.last;
  }
}
