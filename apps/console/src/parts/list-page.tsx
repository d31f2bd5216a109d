import type { ComponentChildren, ComponentType } from "preact";
import { useState } from "preact/hooks";
import { Choice } from "./choice.js";
import { firstOf } from "./first-of.js";
import { Problem } from "./problem.js";
import { usePolled } from "./use-polled.js";

/** How many are shown at first, and with each More. */
const pageSize = 50;

interface ListQuery<State> {
  readonly state: State | undefined;
  readonly pageSize: number;
  readonly signal: AbortSignal;
}

interface ListPageProps<Item, State extends string> {
  readonly title: string;
  /** What one of them is called. */
  readonly one: string;
  readonly states: readonly (readonly [state: State, label: string])[];
  /** What makes a new one. */
  readonly form: ComponentType;
  /** Shown below the sentence that there is none. */
  readonly hint: ComponentChildren;
  readonly read: (query: ListQuery<State>) => AsyncIterable<Item>;
  readonly table: (items: readonly Item[]) => ComponentChildren;
}

/** What the caller has of something, newest first: all, or those in one state. */
export function ListPage<Item, State extends string>(props: ListPageProps<Item, State>) {
  const { title, one, states, form: Form, hint, read, table } = props;
  const [filter, setFilter] = useState<State | "all">("all");
  const [most, setMost] = useState(pageSize);
  const [isOpen, setOpen] = useState(false);
  const state = filter === "all" ? undefined : filter;
  const { value, fault, again } = usePolled(`${filter} ${most}`, 3000, (signal) =>
    firstOf(read({ state, pageSize, signal }), most),
  );
  return (
    <>
      <div class="row heading">
        <h1>{title}</h1>
        <span class="grow" />
        <Choice
          label={`Which ${title.toLowerCase()}`}
          name="filter"
          value={filter}
          options={[["all", "All"], ...states]}
          onChange={setFilter}
        />
        <button type="button" class={isOpen ? "" : "primary"} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          New {one}
        </button>
      </div>
      {isOpen && <Form />}
      {fault && <Problem fault={fault} onAgain={again} />}
      {!value && !fault && <p class="asking">Asking…</p>}
      {value && value.length === 0 && (
        <section class="empty">
          <p>{state === undefined ? `There is no ${one} yet.` : `No ${one} is ${state}.`}</p>
          <p class="quiet">{hint}</p>
        </section>
      )}
      {value && value.length > 0 && table(value)}
      {value && value.length >= most && (
        <div class="row center">
          <button type="button" onClick={() => setMost(most + pageSize)}>
            More
          </button>
        </div>
      )}
    </>
  );
}

interface NamedLinkProps {
  readonly room: "jobs" | "batches";
  readonly of: { readonly id: string; readonly metadata?: { readonly name?: string } };
}

/** The way to one of them, by the name that its caller gave it, or its id. */
export function NamedLink({ room, of: { id, metadata } }: NamedLinkProps) {
  const name = metadata?.name;
  return (
    <a href={`#/${room}/${id}`} class={name ? "name" : "id"} title={name}>
      {name ?? id}
    </a>
  );
}
