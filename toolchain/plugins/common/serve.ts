import * as grpc from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";

/** State and uploads may be large: Pulumi itself sets no limit either. */
export const UNLIMITED = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };

/** An error as Pulumi shows it: its message becomes the diagnostic of the resource. */
export function rpcError(message: string, code: grpc.status = grpc.status.UNKNOWN): grpc.ServiceError {
  return Object.assign(new Error(message), { code, details: message, metadata: new grpc.Metadata() });
}

/** A unary handler from an async function; what it throws becomes the gRPC error, never a stack trace. */
export function unary<Request, Response>(
  handle: (request: Request, call: grpc.ServerUnaryCall<Request, Response>) => Promise<Response> | Response,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve()
      .then(() => handle(call.request, call))
      .then(
        (response) => callback(null, response),
        (error: unknown) =>
          callback(
            isServiceError(error) ? error : rpcError(error instanceof Error ? error.message : String(error)),
          ),
      );
  };
}

function isServiceError(error: unknown): error is grpc.ServiceError {
  return error instanceof Error && "code" in error && typeof error.code === "number";
}

/**
 * Serves a provider on a free loopback port and tells Pulumi the port on standard output, as the plugin protocol asks.
 * Calls without a handler answer UNIMPLEMENTED.
 */
export async function serveProvider(handlers: grpc.UntypedServiceImplementation): Promise<void> {
  const server = new grpc.Server(UNLIMITED);
  server.addService(ResourceProviderService, handlers);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  process.stdout.write(`${port}\n`);
}
