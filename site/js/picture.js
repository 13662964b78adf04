// The run as a file: SVG as Python draws it, or PNG, painted from that SVG in twice its size.

const SCALE = 2;
const PAINT_MS = 10_000; // a browser that says nothing has failed

/**
 * @param save hands a file over, as a download of a name
 * @param onSave called when somebody saves; resolves to {name, svg}, or to nothing where another
 *   plan was asked for meanwhile
 */
export function createPicture(root, { save, onSave }) {
  const buttons = [...root.querySelectorAll("[data-save]")];
  const failed = root.querySelector("[data-save-failed]");

  for (const button of buttons) {
    button.addEventListener("click", async () => {
      failed.hidden = true;
      const picture = await onSave();
      if (!picture) return;
      const kind = button.dataset.save;
      try {
        const file = kind === "png" ? await paint(picture.svg) : fileOf(picture.svg);
        save(file, `${picture.name}.${kind}`);
      } catch {
        failed.hidden = false;
      }
    });
  }

  return {
    /** Let the picture be saved, or, while another plan is worked out, not. */
    offer(current) {
      for (const button of buttons) button.disabled = !current;
    },
  };
}

const fileOf = (svg) => new Blob([svg], { type: "image/svg+xml" });

async function paint(svg) {
  const image = new Image();
  // as data: the page's Content-Security-Policy takes no picture from a blob
  // of all strokes the curve's alone keeps its width when the picture grows
  const grown = svg.replace("</style>", `.curve { stroke-width: ${2 * SCALE}; }</style>`);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(grown)}`;
  await Promise.race([image.decode(), limit()]);
  const canvas = document.createElement("canvas");
  canvas.width = image.width * SCALE;
  canvas.height = image.height * SCALE;
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  const file = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!file) throw new Error("no picture");
  return file;
}

const limit = () =>
  new Promise((_, reject) => setTimeout(() => reject(new Error("too slow")), PAINT_MS));
