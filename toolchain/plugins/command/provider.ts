/**
 * The provider calls of `command:local:Command` and `command:local:run`, as `@pulumi/command` 1.2.1 documents them and
 * its official provider answers them.
 */
import { randomBytes } from "node:crypto";

import * as grpc from "@grpc/grpc-js";
import { PluginAttach, PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

import { masker } from "../common/mask";
import { rpcError, unary } from "../common/serve";
import { valuesOf as values, type Values } from "../common/struct";
import { inputDiff, replaces, type Kind } from "./diff";
import { checkInputs, FUNCTION_INPUTS, readInputs, RESOURCE_INPUTS } from "./inputs";
import { EngineLog } from "./log";
import { Runner, type Outputs } from "./run";
import { SCHEMA } from "./schema";
import { reveal, secretTexts, UNKNOWN_STRING } from "./values";

const COMMAND = "command:local:Command";
const RUN = "command:local:run";

const { ADD, ADD_REPLACE, DELETE, DELETE_REPLACE, UPDATE, UPDATE_REPLACE } = proto.PropertyDiff.Kind;
const KINDS: Readonly<Record<Kind, { inPlace: proto.PropertyDiff.Kind; replace: proto.PropertyDiff.Kind }>> =
  {
    add: { inPlace: ADD, replace: ADD_REPLACE },
    delete: { inPlace: DELETE, replace: DELETE_REPLACE },
    update: { inPlace: UPDATE, replace: UPDATE_REPLACE },
  };

export class CommandProvider {
  readonly runner = new Runner();
  private readonly log = new EngineLog();

  /** `engineAddress` is what Pulumi names on the command line; empty when it does not. */
  constructor(engineAddress: string) {
    this.log.connect(engineAddress);
  }

  /** The handlers of the provider service. */
  handlers(): grpc.UntypedServiceImplementation {
    return {
      getPluginInfo: unary<Empty, PluginInfo>(() => new PluginInfo().setVersion(SCHEMA.version)),
      handshake: unary((request: proto.ProviderHandshakeRequest) => {
        this.log.connect(request.getEngineAddress());
        return new proto.ProviderHandshakeResponse().setAcceptSecrets(true).setAcceptResources(true);
      }),
      attach: unary((request: PluginAttach) => {
        this.log.connect(request.getAddress());
        return new Empty();
      }),
      getSchema: unary<proto.GetSchemaRequest, proto.GetSchemaResponse>(() =>
        new proto.GetSchemaResponse().setSchema(JSON.stringify(SCHEMA)),
      ),
      checkConfig: unary((request: proto.CheckRequest) =>
        new proto.CheckResponse().setInputs(request.getNews()),
      ),
      diffConfig: unary<proto.DiffRequest, proto.DiffResponse>(() =>
        new proto.DiffResponse().setChanges(proto.DiffResponse.DiffChanges.DIFF_NONE),
      ),
      configure: unary<proto.ConfigureRequest, proto.ConfigureResponse>(() =>
        new proto.ConfigureResponse()
          .setAcceptsecrets(true)
          .setSupportspreview(true)
          .setAcceptresources(true),
      ),
      check: unary((request: proto.CheckRequest) => this.check(request)),
      diff: unary((request: proto.DiffRequest) => this.diff(request)),
      create: unary((request: proto.CreateRequest) => this.create(request)),
      update: unary((request: proto.UpdateRequest) => this.update(request)),
      delete: unary((request: proto.DeleteRequest) => this.delete(request)),
      read: unary((request: proto.ReadRequest) =>
        // A command has no state outside Pulumi's: what is recorded is what there is.
        new proto.ReadResponse()
          .setId(request.getId())
          .setProperties(request.getProperties())
          .setInputs(request.getInputs()),
      ),
      invoke: unary((request: proto.InvokeRequest) => this.invoke(request)),
      cancel: unary<Empty, Empty>(async () => {
        await this.runner.cancel();
        return new Empty();
      }),
    };
  }

  private check(request: proto.CheckRequest): proto.CheckResponse {
    demand(typeOf(request.getUrn()), COMMAND);
    return new proto.CheckResponse()
      .setInputs(request.getNews())
      .setFailuresList(checkFailures(values(request.getNews()), RESOURCE_INPUTS));
  }

  private diff(request: proto.DiffRequest): proto.DiffResponse {
    const oldInputs = request.getOldInputs();
    const olds = oldInputs ? values(oldInputs) : onlyInputs(values(request.getOlds()));
    const response = new proto.DiffResponse().setHasdetaileddiff(true);
    for (const [path, kind] of inputDiff(olds, values(request.getNews()))) {
      response.addDiffs(path);
      if (replaces(path)) response.addReplaces(path);
      const change = new proto.PropertyDiff().setKind(KINDS[kind][replaces(path) ? "replace" : "inPlace"]);
      response.getDetaileddiffMap().set(path, change);
    }
    const { DIFF_SOME, DIFF_NONE } = proto.DiffResponse.DiffChanges;
    return response.setChanges(response.getDiffsList().length > 0 ? DIFF_SOME : DIFF_NONE);
  }

  private async create(request: proto.CreateRequest): Promise<proto.CreateResponse> {
    const inputs = values(request.getProperties());
    const id = `${nameOf(request.getUrn())}${randomBytes(4).toString("hex")}`;
    const response = new proto.CreateResponse().setId(id);
    if (request.getPreview()) return response.setProperties(state(inputs, UNKNOWN_OUTPUTS));
    const outputs = await this.run(text(inputs.create), inputs, NO_OUTPUTS, request.getUrn());
    return response.setProperties(state(inputs, outputs));
  }

  private async update(request: proto.UpdateRequest): Promise<proto.UpdateResponse> {
    const inputs = values(request.getNews());
    const response = new proto.UpdateResponse();
    if (request.getPreview()) return response.setProperties(state(inputs, UNKNOWN_OUTPUTS));
    const command = text(inputs.update) ?? text(inputs.create);
    const outputs = await this.run(
      command,
      inputs,
      recordedOutputs(values(request.getOlds())),
      request.getUrn(),
    );
    return response.setProperties(state(inputs, outputs));
  }

  private async delete(request: proto.DeleteRequest): Promise<Empty> {
    const olds = values(request.getProperties());
    await this.run(text(olds.delete), olds, recordedOutputs(olds), request.getUrn());
    return new Empty();
  }

  private async invoke(request: proto.InvokeRequest): Promise<proto.InvokeResponse> {
    demand(request.getTok(), RUN);
    const inputs = values(request.getArgs());
    const failures = checkFailures(inputs, FUNCTION_INPUTS);
    if (text(inputs.command) === undefined) failures.push(failure("command", "is missing"));
    if (failures.length > 0) return new proto.InvokeResponse().setFailuresList(failures);
    const outputs = await this.run(text(inputs.command), inputs, NO_OUTPUTS, "");
    return new proto.InvokeResponse().setReturn(state(inputs, outputs));
  }

  /** Runs a command, if there is one: without it the previous outputs stay. */
  private async run(
    command: string | undefined,
    inputs: Values,
    previous: Outputs,
    urn: string,
  ): Promise<Outputs> {
    if (command === undefined) return previous;
    const mask = masker(secretTexts(inputs));
    try {
      return await this.runner.run(command, readInputs(inputs), {
        previous,
        mask,
        log: (line) => this.log.line(urn, line),
      });
    } finally {
      await this.log.flushed();
    }
  }
}

const NO_OUTPUTS: Outputs = { stdout: "", stderr: "" };
const UNKNOWN_OUTPUTS: Outputs = { stdout: UNKNOWN_STRING, stderr: UNKNOWN_STRING };

function text(value: Values[string] | undefined): string | undefined {
  const known = value === undefined ? undefined : reveal(value);
  return typeof known === "string" ? known : undefined;
}

/** The outputs in a recorded state, which Pulumi may have marked secret. */
function recordedOutputs(olds: Values): Outputs {
  return { stdout: text(olds.stdout) ?? "", stderr: text(olds.stderr) ?? "" };
}

/** The properties of a resource: its inputs as they came (secrets stay secrets) and the outputs. */
function state(inputs: Values, outputs: Outputs): Struct {
  return Struct.fromJavaScript({ ...inputs, ...outputs });
}

function onlyInputs(properties: Values): Values {
  return Object.fromEntries(Object.entries(properties).filter(([key]) => key in RESOURCE_INPUTS));
}

function checkFailures(inputs: Values, properties: Parameters<typeof checkInputs>[1]): proto.CheckFailure[] {
  return checkInputs(inputs, properties).map(({ property, reason }) => failure(property, reason));
}

function failure(property: string, reason: string): proto.CheckFailure {
  return new proto.CheckFailure().setProperty(property).setReason(`${property} ${reason}`);
}

function demand(token: string, served: string): void {
  if (token === served) return;
  throw rpcError(
    `${token} is not served by this build of the command plugin, only ${COMMAND} and ${RUN} are`,
  );
}

function typeOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}
