/**
 * Of a page until it is sealed: `pages`, its names and what became of it; its body while it waits. What a server said of pages,
 * and the shares that it accepted, in one row for many: `said` and `accepted` name the row, whose `ids` are `pages.id` of 8 bytes each.
 * Sealed pages: `sealed`, a row for up to 64 of one batch, panel and day by patient (`sealed-segment.ts`); `sealed_pages` finds them
 * by id (number x 64 + place). `planned` batches: those that this server signed, `sealed` 1 once the ledger has this one.
 * `envelopes`: what another server is rebuilt from, with the ids of its pages; gone with the last of them.
 * `batches`: an index finds them, for in a tree of long rows each step would read one of them whole.
 * `days`: sums of sealed pages, a column of all patients of a batch and day each; counters apart, for few questions read them.
 * What is long stands last in a row: the other columns are read without it. `arrivals`: for quotas, what came of one sensor at once.
 */
export const pagesSchema = `
  CREATE TABLE patients (
    pseudonym BLOB PRIMARY KEY, account TEXT NOT NULL UNIQUE, counter INTEGER NOT NULL, signed BLOB NOT NULL,
    place INTEGER NOT NULL UNIQUE
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE pages (
    id INTEGER PRIMARY KEY, page BLOB NOT NULL UNIQUE, said INTEGER, accepted INTEGER, code TEXT, trio TEXT NOT NULL,
    manifest_hash BLOB NOT NULL, hour INTEGER NOT NULL, at_ms INTEGER NOT NULL, envelope INTEGER NOT NULL,
    sensor BLOB NOT NULL, pseudonym BLOB NOT NULL, panel INTEGER NOT NULL, n INTEGER NOT NULL, body_hash BLOB NOT NULL,
    signature BLOB NOT NULL, leaf BLOB NOT NULL, manifest BLOB NOT NULL
  ) STRICT;
  CREATE INDEX pages_waiting ON pages (trio, at_ms) WHERE accepted IS NULL AND code IS NULL;
  CREATE INDEX pages_accepted ON pages (trio, accepted) WHERE accepted IS NOT NULL;
  CREATE TABLE bodies (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
  CREATE TABLE sayings (number INTEGER PRIMARY KEY, ids BLOB NOT NULL, said_mac BLOB NOT NULL, said BLOB NOT NULL) STRICT;
  CREATE TABLE accepted (number INTEGER PRIMARY KEY, ids BLOB NOT NULL, shares_mac BLOB NOT NULL, shares BLOB NOT NULL) STRICT;
  CREATE TABLE sealed (
    number INTEGER PRIMARY KEY, trio TEXT NOT NULL, panel INTEGER NOT NULL, day INTEGER NOT NULL, batch INTEGER NOT NULL,
    first BLOB NOT NULL, last BLOB NOT NULL, names_mac BLOB NOT NULL, shares_mac BLOB NOT NULL, heads BLOB NOT NULL,
    names BLOB NOT NULL, shares BLOB NOT NULL
  ) STRICT;
  CREATE INDEX sealed_of_day ON sealed (panel, day, trio, batch, first, last);
  CREATE INDEX sealed_of_batch ON sealed (trio, batch);
  CREATE TABLE sealed_pages (id INTEGER PRIMARY KEY, page BLOB NOT NULL UNIQUE) STRICT;
  CREATE TABLE arrivals (sensor BLOB NOT NULL, at_ms INTEGER NOT NULL, pages INTEGER NOT NULL) STRICT;
  CREATE INDEX arrivals_of_sensor ON arrivals (sensor, at_ms);
  CREATE TABLE batches (
    trio TEXT NOT NULL, number INTEGER NOT NULL, root BLOB NOT NULL, sealed INTEGER NOT NULL,
    first_hour INTEGER NOT NULL, last_hour INTEGER NOT NULL, pages BLOB NOT NULL,
    PRIMARY KEY (trio, number, root)
  ) STRICT;
  CREATE TABLE days (
    id INTEGER PRIMARY KEY, trio TEXT NOT NULL, panel INTEGER NOT NULL, day INTEGER NOT NULL, batch INTEGER NOT NULL,
    patients BLOB NOT NULL, digests BLOB NOT NULL, counts BLOB NOT NULL, rolls BLOB NOT NULL,
    UNIQUE (trio, panel, day, batch)
  ) STRICT;
  CREATE TABLE day_counters (id INTEGER PRIMARY KEY, histograms_mac BLOB NOT NULL, histograms BLOB NOT NULL) STRICT;
  CREATE TABLE kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE envelopes (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, pages BLOB NOT NULL, envelope BLOB NOT NULL) STRICT;
`;
/** Those before it are not opened: nobody has one that is worth taking over. */
export const pagesVersion = 5;
