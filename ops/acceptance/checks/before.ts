/** What has to be right before a stack is built: the engine, the sources, the tools, the configuration. */
import type { Check, Step } from "../check";
import { all, answers, fits, isSilent, prints, succeeds } from "../judges";
import { same, say } from "../text";
import { listings } from "./commands";

/** The oldest Node that the program runs on. */
const LEAST_NODE = [22, 12] as const;

const cleanSlate: Check = {
  id: "clean-slate",
  title: say("Clean slate", "Чистое начало"),
  demands: say(
    "no container, network, volume or image of the instance is left of an earlier run",
    "на машине не осталось контейнеров, сетей, томов и образов этого экземпляра от прежних прогонов",
  ),
  steps: listings.map((command): Step => ({
    command,
    in: "checkout",
    judge: isSilent(
      say(
        "left of an earlier run (the container's label zakaz.checkout names the clone: `make down` there, then `docker rm`, `docker volume rm`)",
        "осталось от прежнего прогона (клон указан в метке контейнера zakaz.checkout: выполните там `make down`, затем `docker rm`, `docker volume rm`)",
      ),
    ),
  })),
};

const clone: Check = {
  id: "clone",
  title: say("Fresh clone of a clean tree", "Свежий клон чистого дерева"),
  demands: say(
    "the checkout has no uncommitted changes; a fresh clone is at the same commit",
    "в рабочей копии нет незакоммиченных изменений; свежий клон стоит на том же коммите",
  ),
  steps: [
    {
      in: "checkout",
      command: () => "git status --porcelain",
      keep: "tree",
      judge: isSilent(
        say(
          "changed and not committed (`git commit` it: secrets in `Pulumi.*.yaml` are encrypted)",
          "изменено и не закоммичено (выполните `git commit`: секреты в `Pulumi.*.yaml` зашифрованы)",
        ),
      ),
    },
    { in: "checkout", command: () => "git log -1 --format='%H %cI %s'", keep: "commit" },
    { in: "checkout", command: ({ place }) => `git clone --quiet . ${place.clone}` },
    {
      in: "checkout",
      command: ({ place }) => `git -C ${place.clone} log -1 --format='%H %cI %s'`,
      judge: (output, known) => prints(known.kept["commit"] ?? "")(output, known),
    },
  ],
};

const versions: Check = {
  id: "versions",
  title: say("Tools and their versions", "Инструменты и их версии"),
  demands: say(
    `set-up ends well; Docker's engine answers; Node is ${LEAST_NODE.join(".")} or newer`,
    `установка завершается успешно; Docker отвечает; Node версии ${LEAST_NODE.join(".")} или новее`,
  ),
  steps: [
    { in: "checkout", command: ({ place }) => `${place.clone}/toolchain/setup`, limit: 30 },
    { command: () => `. /etc/os-release && echo "$PRETTY_NAME, $(uname -sr)"`, keep: "os" },
    {
      command: () => "docker version --format '{{.Server.Version}} (client {{.Client.Version}})'",
      keep: "docker",
    },
    {
      command: () => "pulumi version",
      judge: fits(/^v\d+\.\d+/, say("a version", "версия")),
      keep: "pulumi",
    },
    {
      command: () => "node --version",
      keep: "node",
      judge: answers((text) => {
        const [major = 0, minor = 0] = text.replace("v", "").split(".").map(Number);
        const [least, leastMinor] = LEAST_NODE;
        if (major > least || (major === least && minor >= leastMinor)) return undefined;
        return say(`Node is ${text}`, `версия Node — ${text}`);
      }),
    },
  ],
};

/** A random value that is in no argument and no history. */
const newSecret = (key: string): Step => ({
  command: () =>
    `head -c 27 /dev/urandom | base64 | tr -d '+/=' | pulumi config set --secret --path 'zakaz:${key}' --non-interactive`,
});

const configuration: Check = {
  id: "configuration",
  title: say("Configuration of a separate stack", "Конфигурация отдельного стека"),
  demands: say(
    "names, ports and secrets of its own; `up` itself loads nothing",
    "свои имена, порты и секреты; сам `up` ничего не загружает",
  ),
  steps: [
    { command: () => "pulumi stack select --create dev --non-interactive" },
    {
      command: ({ place }) =>
        [
          "pulumi config set-all",
          `--plaintext zakaz:instance=${place.instance}`,
          `--plaintext zakaz:httpPort=${place.httpPort}`,
          `--plaintext zakaz:nativePort=${place.nativePort}`,
          "--plaintext zakaz:source=sandbox",
          "--plaintext zakaz:load=none",
        ].join(" "),
    },
    ...["adminPassword", "loaderPassword", "datalensPassword", "backupPassword", "qticketsToken"].map(
      newSecret,
    ),
    newSecret("vkAdsAccounts[0].clientSecret"),
    newSecret("vkAdsAccounts[1].accessToken"),
    {
      command: () => "pulumi config",
      secretsChange: true,
      judge: all(succeeds, (output, { place }) =>
        output.stdout.includes(place.instance) ? undefined : same(output.stdout),
      ),
    },
  ],
};

export const beforeChecks = [cleanSlate, clone, versions, configuration];
