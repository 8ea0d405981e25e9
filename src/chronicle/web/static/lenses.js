// The lenses of chronicle.domain.lenses, over columns: from the reports of one place,
// in order, to a ruling { control, status, since, deciding, against, why }.
// `why` is the reason in numbers and rows; words.js makes the sentence of it.

const same = (c, a, b) => c.actor[a] === c.actor[b] && c.status[a] === c.status[b];

/** `chosen` decides; the run of equal reports that ends with it says since when. */
function ruled(c, reports, at, why) {
  const chosen = reports[at];
  const deciding = [chosen];
  for (let i = at - 1; i >= 0 && same(c, reports[i], chosen); i -= 1) deciding.unshift(reports[i]);
  const against = [];
  for (const row of reports) {
    if (c.day[row] === c.day[chosen] && !same(c, row, chosen)) against.push(row);
  }
  return {
    control: c.actor[chosen],
    status: c.status[chosen],
    since: c.day[deciding[0]],
    deciding,
    against,
    why,
  };
}

function latest({ columns: c }, reports) {
  const chosen = reports[reports.length - 1];
  let rivals = 0;
  let tie = "";
  for (let i = reports.length - 2; i >= 0 && c.day[reports[i]] === c.day[chosen]; i -= 1) {
    if (!tie) tie = c.time[reports[i]] === c.time[chosen] ? "log" : "time";
    rivals += 1;
  }
  return ruled(c, reports, reports.length - 1, { rule: "latest", chosen, rivals, tie });
}

/** The place of a report among grades, best first: credibility, then reliability. */
export function gradeKey(knowledge, row) {
  const c = knowledge.columns;
  const letter = c.letter[row] < 0 ? knowledge.defaults[c.source[row]] : c.letter[row];
  return c.credibility[row] * 8 + letter;
}

function graded(knowledge, reports) {
  const c = knowledge.columns;
  const day = c.day[reports[reports.length - 1]];
  let best = -1;
  let of = 0;
  let equals = 0;
  for (let i = reports.length - 1; i >= 0 && c.day[reports[i]] === day; i -= 1) {
    of += 1;
    const better =
      best < 0 ? -1 : gradeKey(knowledge, reports[i]) - gradeKey(knowledge, reports[best]);
    if (better < 0) {
      best = i;
      equals = 1;
    } else if (better === 0) equals += 1;
  }
  return ruled(c, reports, best, { rule: "graded", chosen: reports[best], of, equals });
}

function majority({ columns: c }, reports) {
  let voters = Array.from(reports.keys()).filter((i) => !c.baseline[reports[i]]);
  if (!voters.length) voters = Array.from(reports.keys());
  const ballots = new Map(); // each source's last word, by its place in the reports
  for (const i of voters) ballots.set(c.source[reports[i]], i);
  const votes = new Map();
  for (const i of [...ballots.values()].sort((a, b) => a - b)) {
    const side = `${c.actor[reports[i]]} ${c.status[reports[i]]}`;
    if (!votes.has(side)) votes.set(side, []);
    votes.get(side).push(i);
  }
  const most = Math.max(...[...votes.values()].map((one) => one.length));
  const tied = [...votes.values()].filter((one) => one.length === most);
  const winners = tied.reduce((a, b) => (b[b.length - 1] > a[a.length - 1] ? b : a));
  const why = { rule: "majority", most, of: ballots.size, tied: tied.length };
  const found = ruled(c, reports, winners[winners.length - 1], why);
  found.deciding = winners.map((i) => reports[i]);
  found.against = [...votes.values()].filter((one) => one !== winners).flat().map((i) => reports[i]);
  return found;
}

const ofSource = (id) => (knowledge, reports) => {
  const at = knowledge.record.sourceAt.get(id);
  const own = reports.filter((row) => knowledge.columns.source[row] === at);
  if (own.length) return latest(knowledge, own);
  return { control: -1, status: -1, since: null, deciding: [], against: [], why: { rule: "silent" } };
};

const cautious = (days) => (knowledge, reports) => {
  const c = knowledge.columns;
  const chosen = reports[reports.length - 1];
  const doubts = [];
  for (const row of reports) {
    if (
      c.day[chosen] - c.day[row] <= days &&
      !same(c, row, chosen) &&
      c.source[row] !== c.source[chosen] &&
      !c.baseline[row]
    ) {
      doubts.push(row);
    }
  }
  if (!doubts.length) return latest(knowledge, reports);
  return {
    control: -1,
    status: knowledge.record.rules.statuses.indexOf("contested"),
    since: c.day[chosen],
    deciding: [chosen],
    against: doubts,
    why: { rule: "cautious", chosen, doubts: doubts.length, days },
  };
};

/** The rule of a lens by its name; throws for a name that is none. */
export function lensOf(name) {
  if (name === "latest") return latest;
  if (name === "graded") return graded;
  if (name === "majority") return majority;
  if (name.startsWith("source:") && name !== "source:") return ofSource(name.slice(7));
  const found = /^cautious(?::([0-9]{1,4}))?$/.exec(name);
  if (found) return cautious(found[1] === undefined ? 3 : Number(found[1]));
  throw new Error(`no lens ${JSON.stringify(name)}`);
}
