const paths = {
  face: "M4 9V6.5A2.5 2.5 0 0 1 6.5 4H9M15 4h2.5A2.5 2.5 0 0 1 20 6.5V9M20 15v2.5a2.5 2.5 0 0 1-2.5 2.5H15M9 20H6.5A2.5 2.5 0 0 1 4 17.5V15M9 10v.01M15 10v.01M9 14.5a4.2 4.2 0 0 0 6 0",
  compare:
    "M8 4H5.5A1.5 1.5 0 0 0 4 5.5v13A1.5 1.5 0 0 0 5.5 20H8M16 4h2.5A1.5 1.5 0 0 1 20 5.5v13a1.5 1.5 0 0 1-1.5 1.5H16M12 3v18",
  jobs: "M4 6h16M4 12h16M4 18h10",
  batches: "M12 3 3 7.5l9 4.5 9-4.5L12 3ZM3 12l9 4.5 9-4.5M3 16.5 12 21l9-4.5",
  fleet: "M4 5h16v5H4zM4 14h16v5H4zM7.5 7.5v.01M7.5 16.5v.01",
  key: "M12 12a4 4 0 1 0-8 0 4 4 0 0 0 8 0h8v3.5M16.5 12v2.5",
  camera:
    "M4 8.5A1.5 1.5 0 0 1 5.5 7H8l1.5-2.5h5L16 7h2.5A1.5 1.5 0 0 1 20 8.5v9a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 17.5ZM12 16a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4Z",
  upload: "M12 15V4M7.5 8.5 12 4l4.5 4.5M4 15v3.5A1.5 1.5 0 0 0 5.5 20h13a1.5 1.5 0 0 0 1.5-1.5V15",
  download: "M12 4v11M7.5 10.5 12 15l4.5-4.5M4 15v3.5A1.5 1.5 0 0 0 5.5 20h13a1.5 1.5 0 0 0 1.5-1.5V15",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  check: "m5 12.5 4.5 4.5L19 7.5",
  warning: "M12 4 2.8 19.5h18.4L12 4ZM12 10v4.5M12 17v.01",
  close: "M6 6l12 12M18 6 6 18",
  again: "M4.5 12a7.5 7.5 0 0 1 13-5.100L20 9.5M20 4.5v5h-5M19.5 12a7.5 7.5 0 0 1-13 5.100L4 14.5M4 19.5v-5h5",
  back: "m14.5 6-6 6 6 6",
  book: "M5 4h11.5A2.5 2.5 0 0 1 19 6.5V20H7a2 2 0 0 1-2-2V4ZM5 18a2 2 0 0 1 2-2h12M9 8h6",
  chart: "M4 20V4M4 20h16M8 16l3.5-5 3 2.5L19 7",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
