// Adds what is new to documents as the page does: JSON in, JSON out.
// [{before, news, whole}] -> [[merged rows], [whole rows]], decoded.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const folder = pathToFileURL(`${process.argv[2]}/`);
const { objects } = await import(new URL("record.js", folder));
const { merged } = await import(new URL("news.js", folder));

const plain = ({ claims, ...rest }) => ({
  ...rest,
  claims: Object.fromEntries(Object.entries(claims).map(([kind, table]) => [kind, objects(table)])),
});

const told = JSON.parse(readFileSync(0, "utf-8"));
process.stdout.write(JSON.stringify(told.map(({ before, news, whole }) => {
  const kept = JSON.stringify(before);
  const made = plain(merged(before, news));
  if (JSON.stringify(before) !== kept) throw new Error("a document was changed");
  return [made, plain(whole)];
})));
