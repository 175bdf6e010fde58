/**
 * The docker provider of `@pulumi/docker` 5.2.0, served by the bridge: every call is forwarded, with the names corrected on
 * the way there and back (renames.ts), the reason of a failure put into its error (diagnostics.ts), and what a failed
 * create left behind removed (leftovers.ts). Values are never touched: secrets and unknowns pass through as they are.
 */
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient, ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";

import { masker } from "../common/mask";
import { rpcError, unary, UNLIMITED } from "../common/serve";
import { valuesOf, type Values } from "../common/struct";
import type { Bridge } from "./bridge";
import { plain, sentence } from "./diagnostics";
import { Engine, engineSettings } from "./engine";
import { Leftovers } from "./leftovers";
import {
  nameOfUrn,
  renameFunction,
  renamePath,
  renameProperties,
  renameType,
  renameUrn,
  typeOfUrn,
  unsupported,
  upstreamName,
  type Direction,
} from "./renames";
import { mentionsOf, sensitiveValues } from "./values";

export const VERSION = "5.2.0";

const PROVIDER = "pulumi:providers:docker";
const CONTAINER = "docker:index/container:Container";
/** What is under way when Pulumi cancels gets this long to finish before container creates are given up. */
const CANCEL_GRACE_MS = 3_000;
const NETWORK = "docker:index/network:Network";
const PLAN = ["PlanResourceChange", "ApplyResourceChange"];

/** What one forwarded call is about, for its renaming and its error text. */
interface Subject {
  /** The official type, or the function's token. */
  type: string;
  /** How the user knows it: `container ch-zakaz`. */
  label: string;
  /** Its name at the upstream provider, as logged; empty for the provider itself. */
  upstream: string;
  operations: readonly string[];
  inputs: Values;
}

interface ResourceRequest {
  getUrn(): string;
  setUrn(urn: string): unknown;
  getType(): string;
  setType(type: string): unknown;
}

type Definition<Request, Response> = grpc.MethodDefinition<Request, Response>;

export class Adapter {
  readonly leftovers = new Leftovers(() => this.engine);
  private engine = new Engine(engineSettings({}, process.env));
  private registrySecrets: string[] = [];
  private readonly client: Promise<ResourceProviderClient>;

  constructor(private readonly bridge: Bridge) {
    this.client = this.connect();
    this.client.catch(() => undefined); // each call reports it
  }

  /** The handlers of the provider service; what is missing here answers UNIMPLEMENTED, as the bridge does. */
  handlers(): grpc.UntypedServiceImplementation {
    const service = ResourceProviderService;
    return {
      getPluginInfo: unary<Empty, PluginInfo>(() => new PluginInfo().setVersion(VERSION)),
      handshake: unary((request: proto.ProviderHandshakeRequest) => this.forward(service.handshake, request)),
      cancel: unary((request: Empty) => {
        // The upstream provider would wait for a sick container's health until the end of its patience.
        setTimeout(() => void this.leftovers.abandonAll(), CANCEL_GRACE_MS);
        return this.forward(service.cancel, request);
      }),
      checkConfig: unary((request: proto.CheckRequest) => this.check(service.checkConfig, request)),
      diffConfig: unary((request: proto.DiffRequest) => this.diff(service.diffConfig, request)),
      configure: unary((request: proto.ConfigureRequest) => this.configure(request)),
      invoke: unary((request: proto.InvokeRequest) => this.invoke(request)),
      check: unary((request: proto.CheckRequest) => this.check(service.check, request)),
      diff: unary((request: proto.DiffRequest) => this.diff(service.diff, request)),
      create: unary((request: proto.CreateRequest) => this.create(request)),
      read: unary((request: proto.ReadRequest) => this.read(request)),
      update: unary((request: proto.UpdateRequest) => this.update(request)),
      delete: unary((request: proto.DeleteRequest) => this.delete(request)),
    };
  }

  private async connect(): Promise<ResourceProviderClient> {
    const port = await this.bridge.port;
    const client = new ResourceProviderClient(
      `127.0.0.1:${port}`,
      grpc.credentials.createInsecure(),
      UNLIMITED,
    );
    const request = new proto.ParameterizeRequest().setArgs(
      new proto.ParameterizeRequest.ParametersArgs().setArgsList([this.bridge.upstream]),
    );
    await call(client, ResourceProviderService.parameterize, request);
    return client;
  }

  private async check(
    definition: Definition<proto.CheckRequest, proto.CheckResponse>,
    request: proto.CheckRequest,
  ): Promise<proto.CheckResponse> {
    const provider = definition === ResourceProviderService.checkConfig;
    const operation = provider ? "ValidateProviderConfig" : "ValidateResourceConfig";
    const subject = this.subjectOf(request, request.getNews(), [operation]);
    toBridge(request, subject, [request.getOlds(), request.getNews(), request.getOldOutputs()]);
    const started = Date.now();
    const response = await this.send(definition, request, subject);
    fromBridge(subject, [response.getInputs()]);
    for (const failure of response.getFailuresList()) {
      failure.setProperty(renamePath(failure.getProperty(), subject.type, "fromBridge"));
      if (failure.getReason() === "") failure.setReason(await this.reason("", subject, started));
    }
    return response;
  }

  private async diff(
    definition: Definition<proto.DiffRequest, proto.DiffResponse>,
    request: proto.DiffRequest,
  ): Promise<proto.DiffResponse> {
    const subject = this.subjectOf(request, request.getNews(), [
      "PlanResourceChange",
      "UpgradeResourceState",
    ]);
    toBridge(request, subject, [request.getOlds(), request.getNews(), request.getOldInputs()]);
    request.setIgnorechangesList(paths(request.getIgnorechangesList(), subject, "toBridge"));
    const response = await this.send(definition, request, subject);
    response.setReplacesList(paths(response.getReplacesList(), subject, "fromBridge"));
    response.setDiffsList(paths(response.getDiffsList(), subject, "fromBridge"));
    response.setStablesList(paths(response.getStablesList(), subject, "fromBridge"));
    const detailed = response.getDetaileddiffMap();
    for (const [path, change] of [...detailed.getEntryList()].map((entry) => entry)) {
      const renamed = renamePath(path, subject.type, "fromBridge");
      if (renamed === path) continue;
      detailed.set(renamed, change);
      detailed.del(path);
    }
    // A container's name and ports are fixed: the old one has to go first.
    if (subject.type === CONTAINER) response.setDeletebeforereplace(true);
    return response;
  }

  private async configure(request: proto.ConfigureRequest): Promise<proto.ConfigureResponse> {
    const args = request.getArgs();
    const config = valuesOf(args);
    this.engine = new Engine(engineSettings(config, process.env));
    this.registrySecrets = sensitiveValues(config);
    const subject = this.subject(PROVIDER, "the docker provider", config, ["ConfigureProvider"]);
    if (args) rename(args, PROVIDER, "toBridge");
    return this.send(ResourceProviderService.configure, request, subject);
  }

  private async invoke(request: proto.InvokeRequest): Promise<proto.InvokeResponse> {
    const token = request.getTok();
    const subject = this.subject(token, token.split(":").at(-1) ?? token, valuesOf(request.getArgs()), [
      "ReadDataSource",
      "ValidateDataResourceConfig",
    ]);
    subject.upstream = upstreamName(renameFunction(token, "toBridge"));
    request.setTok(renameFunction(token, "toBridge"));
    return this.send(ResourceProviderService.invoke, request, subject);
  }

  private async create(request: proto.CreateRequest): Promise<proto.CreateResponse> {
    const subject = this.subjectOf(request, request.getProperties(), PLAN);
    const name = subject.inputs.name;
    toBridge(request, subject, [request.getProperties()]);
    const real = !request.getPreview();
    const attempt =
      real && subject.type === CONTAINER && typeof name === "string"
        ? await this.leftovers.begin(name)
        : undefined;
    const cancelled = `${subject.label}: cancelled before it was ready, and removed`;
    let response: proto.CreateResponse;
    try {
      response = await this.send(ResourceProviderService.create, request, subject);
    } catch (error) {
      if (!attempt) throw error;
      if (attempt.abandoned) throw rpcError(cancelled);
      const cleared = await this.leftovers.clear(attempt, String(error));
      throw cleared.log === "" ? error : withLog(error, this.mask(subject)(cleared.log));
    }
    if (attempt?.abandoned) throw rpcError(cancelled);
    if (attempt) this.leftovers.end(attempt);
    fromBridge(subject, [response.getProperties()]);
    return response;
  }

  private async read(request: proto.ReadRequest): Promise<proto.ReadResponse> {
    const subject = this.subjectOf(request, request.getProperties(), ["ReadResource", "ImportResourceState"]);
    toBridge(request, subject, [request.getProperties(), request.getInputs()]);
    const response = await this.send(ResourceProviderService.read, request, subject);
    fromBridge(subject, [response.getProperties(), response.getInputs()]);
    return response;
  }

  private async update(request: proto.UpdateRequest): Promise<proto.UpdateResponse> {
    const subject = this.subjectOf(request, request.getNews(), PLAN);
    toBridge(request, subject, [request.getOlds(), request.getNews(), request.getOldInputs()]);
    request.setIgnorechangesList(paths(request.getIgnorechangesList(), subject, "toBridge"));
    const response = await this.send(ResourceProviderService.update, request, subject);
    fromBridge(subject, [response.getProperties()]);
    return response;
  }

  private async delete(request: proto.DeleteRequest): Promise<Empty> {
    const subject = this.subjectOf(request, request.getProperties(), PLAN);
    toBridge(request, subject, [request.getProperties(), request.getOldInputs()]);
    try {
      return await this.send(ResourceProviderService.delete, request, subject);
    } catch (error) {
      const attached = subject.type === NETWORK ? await this.engine.attachedTo(request.getId()) : [];
      if (attached.length === 0) throw error;
      const { details, code } = error as grpc.ServiceError;
      throw rpcError(`${details}; attached: ${attached.join(", ")}`, code);
    }
  }

  private subjectOf(
    request: ResourceRequest,
    inputs: Struct | undefined,
    operations: readonly string[],
  ): Subject {
    const type = typeOfUrn(request.getUrn());
    const refusal = unsupported(type);
    if (refusal !== undefined) throw rpcError(refusal, grpc.status.UNIMPLEMENTED);
    const values = valuesOf(inputs);
    const kind = type === PROVIDER ? "the docker provider" : (type.split(":").at(-1) ?? type);
    const name = typeof values.name === "string" ? values.name : nameOfUrn(request.getUrn());
    return this.subject(type, type === PROVIDER ? kind : `${kind} ${name}`, values, operations);
  }

  private subject(type: string, label: string, inputs: Values, operations: readonly string[]): Subject {
    const upstream = type === PROVIDER ? "" : upstreamName(renameType(type, "toBridge"));
    return { type, label, inputs, operations, upstream };
  }

  /** Forwards a call as it is. */
  private async forward<Request, Response>(
    definition: Definition<Request, Response>,
    request: Request,
  ): Promise<Response> {
    return call(await this.client, definition, request);
  }

  /** Forwards a call; a failure gets the reason that the bridge keeps to itself. */
  private async send<Request, Response>(
    definition: Definition<Request, Response>,
    request: Request,
    subject: Subject,
  ): Promise<Response> {
    const started = Date.now();
    try {
      return await this.forward(definition, request);
    } catch (error) {
      const { code, details, metadata } = error as grpc.ServiceError;
      // UNIMPLEMENTED steers Pulumi's protocol; details of a partial state travel in the metadata.
      if (code === grpc.status.UNIMPLEMENTED) throw error;
      const message = await this.reason(details ?? String(error), subject, started);
      throw Object.assign(rpcError(message, code), { metadata: metadata ?? new grpc.Metadata() });
    }
  }

  private async reason(known: string, subject: Subject, startedAt: number): Promise<string> {
    const { operations, upstream, inputs } = subject;
    const reason =
      plain(known) !== ""
        ? known
        : await this.bridge.diagnostics.take({
            operations,
            subject: upstream,
            startedAt,
            mentions: mentionsOf(inputs),
          });
    const text = reason === undefined ? "the docker provider failed without a reason" : reason;
    return `${subject.label}: ${sentence(text, this.mask(subject))}`;
  }

  private mask(subject: Subject): (text: string) => string {
    return masker([...this.registrySecrets, ...sensitiveValues(subject.inputs)]);
  }
}

function call<Request, Response>(
  client: ResourceProviderClient,
  definition: Definition<Request, Response>,
  request: Request,
): Promise<Response> {
  return new Promise((resolve, reject) =>
    client.makeUnaryRequest(
      definition.path,
      definition.requestSerialize,
      definition.responseDeserialize,
      request,
      (error, response) => (error ? reject(error) : resolve(response as Response)),
    ),
  );
}

function rename(struct: Struct, type: string, direction: Direction): void {
  const fields = struct.getFieldsMap();
  renameProperties(
    {
      has: (key) => fields.has(key),
      get: (key) => fields.get(key),
      set: (key, value) => fields.set(key, value),
      delete: (key) => fields.del(key),
    },
    type,
    direction,
  );
}

/** Mends a request about a resource: its URN and type, and the properties of the given structs. */
function toBridge(
  request: ResourceRequest,
  subject: Subject,
  structs: readonly (Struct | undefined)[],
): void {
  request.setUrn(renameUrn(request.getUrn(), "toBridge"));
  request.setType(renameType(request.getType(), "toBridge"));
  for (const struct of structs) if (struct) rename(struct, subject.type, "toBridge");
}

function fromBridge(subject: Subject, structs: readonly (Struct | undefined)[]): void {
  for (const struct of structs) if (struct) rename(struct, subject.type, "fromBridge");
}

function paths(list: readonly string[], subject: Subject, direction: Direction): string[] {
  return list.map((path) => renamePath(path, subject.type, direction));
}

function withLog(error: unknown, log: string): grpc.ServiceError {
  const { details, code } = error as grpc.ServiceError;
  const lines = log.split("\n").map((line) => plain(line));
  return rpcError(`${details}; its last lines were:\n${lines.map((line) => `  ${line}`).join("\n")}`, code);
}
