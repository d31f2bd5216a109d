import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { BatchPage } from "./batches/batch-page.js";
import { BatchesPage } from "./batches/batches-page.js";
import { ComparePage } from "./compare/compare-page.js";
import { FleetPage } from "./fleet/fleet-page.js";
import { fleet, watchFleet } from "./fleet/fleet-watch.js";
import { JobPage } from "./jobs/job-page.js";
import { JobsPage } from "./jobs/jobs-page.js";
import { apiKey } from "./key/api-key.js";
import { KeyDialog, keyDialogOpen } from "./key/key-dialog.js";
import { Icon, type IconName } from "./parts/icon.js";
import { count } from "./parts/words.js";
import { route } from "./route.js";
import { serviceUrl } from "./service.js";
import { TryPage } from "./try/try-page.js";

interface Room {
  readonly name: string;
  readonly icon: IconName;
  readonly list: ComponentType;
  readonly one?: ComponentType<{ readonly id: string }>;
}

const rooms: Readonly<Record<string, Room>> = {
  try: { name: "Try", icon: "face", list: TryPage },
  compare: { name: "Compare", icon: "compare", list: ComparePage },
  jobs: { name: "Jobs", icon: "jobs", list: JobsPage, one: JobPage },
  batches: { name: "Batches", icon: "batches", list: BatchesPage, one: BatchPage },
  fleet: { name: "Fleet", icon: "fleet", list: FleetPage },
};

export function App() {
  const [room = "", id] = route.value;
  const shown = Object.hasOwn(rooms, room) ? rooms[room] : undefined;
  const keyLabel = apiKey.value === undefined ? "Give an API key" : "The API key";
  useEffect(watchFleet, []);
  useEffect(() => {
    document.title = shown ? `${shown.name} · Facefleet` : "Facefleet";
  }, [shown]);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        To the content
      </button>
      <header class="top">
        <a class="brand" href="#/try" aria-label="Facefleet">
          <Icon name="face" />
          <span>Facefleet</span>
        </a>
        <nav aria-label="Pages">
          {Object.entries(rooms).map(([path, { name, icon }]) => (
            <a key={path} href={`#/${path}`} aria-current={path === room ? "page" : undefined}>
              <Icon name={icon} />
              <span>{name}</span>
            </a>
          ))}
        </nav>
        <Status />
        <a class="button plain" href={`${serviceUrl}/docs/`} aria-label="The endpoints" title="The endpoints">
          <Icon name="book" />
        </a>
        <button
          type="button"
          class="plain"
          aria-label={keyLabel}
          title={keyLabel}
          onClick={() => {
            keyDialogOpen.value = true;
          }}
        >
          <Icon name="key" />
        </button>
      </header>
      <main id="main" tabIndex={-1}>
        {shown ? <Shown room={shown} id={id} /> : <Nowhere />}
      </main>
      <KeyDialog />
    </>
  );
}

function Shown({ room: { list: List, one: One }, id }: { readonly room: Room; readonly id: string | undefined }) {
  return id !== undefined && One ? <One key={id} id={id} /> : <List />;
}

function Nowhere() {
  return (
    <section class="empty">
      <h1>There is no such page</h1>
      <a href="#/try">Try a picture</a>
    </section>
  );
}

/** Whether the fleet works, in a dot and a word. */
function Status() {
  const { answer, fault } = fleet.value;
  if (!answer && !fault) return <span class="status" />;
  const workers = answer?.workers.length ?? 0;
  const [tone, text] = fault
    ? (["bad", fault.code === "unauthorized" ? "key needed" : "no answer"] as const)
    : answer?.paused
      ? (["unsure", "paused"] as const)
      : workers === 0
        ? (["bad", "no worker"] as const)
        : (["good", count(workers, "worker")] as const);
  return (
    <a class={`status ${tone}`} href="#/fleet" aria-label={`The fleet: ${text}`}>
      <span class="light" />
      <span>{text}</span>
    </a>
  );
}
