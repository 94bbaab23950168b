// The watch verb: where a watch begins, what it is sent first, and when it ends. The stream itself is watch_hub.ts's.
import { type Audience, bookmark, eventEncoder } from "./answers.ts";
import { checkWatch, readListOptions } from "./list_options.ts";
import { notANumber, selection, tooLargeVersion } from "./lists.ts";
import type { RequestInfo } from "./request_info.ts";
import type { Predicate } from "./selectors.ts";
import { ApiError, gone } from "./status.ts";
import type { WatchHub } from "./watch_hub.ts";

const headers = { "content-type": "application/json" };
/** A watch that names no end gets one between once and twice this. */
const minimumTimeoutMs = 1_800_000;

/** Opens the watch that the request asks for. Throws ApiError for options that make no sense. */
export function openWatch(watches: WatchHub, audience: Audience, info: RequestInfo): Response {
  const { type } = audience;
  const { storage, clock } = watches;
  const options = readListOptions(info.query);
  checkWatch(options);
  const { resourceVersion, sendInitialEvents, timeoutSeconds } = options;
  if (!/^\d*$/.test(resourceVersion)) throw new ApiError(500, "", notANumber(resourceVersion));
  const from = Number(resourceVersion);
  const selected = selection(type, info);
  const selects: Predicate = info.name ? (object) => object.metadata.name === info.name && selected(object) : selected;
  if (sendInitialEvents && from > storage.revision) {
    return new Response(watches.refuse(tooLargeVersion(storage, from).body()), { headers });
  }
  // Whoever names no version gets what is there, and is told where it ends, as sendInitialEvents asks for it.
  const fromNow = sendInitialEvents ?? from === 0;
  const missed = fromNow || from === 0 ? [] : storage.changesAfter(type.storage, from);
  if (!missed) {
    const status = gone(`too old resource version: ${from} (${storage.oldestRevision(type.storage)})`).body();
    return new Response(watches.refuse(status), { headers });
  }
  const encode = eventEncoder(audience);
  const stream = watches.open({
    info,
    resource: type.storage,
    selects,
    initial: fromNow ? storage.list(type.storage).filter(selects) : [],
    initialBookmark: fromNow && options.allowWatchBookmarks,
    missed,
    bookmarks: options.allowWatchBookmarks,
    timeoutMs: timeoutSeconds > 0 ? timeoutSeconds * 1000 : minimumTimeoutMs * (1 + clock.random()),
    encode,
    bookmark: (revision, initialEventsEnd) => encode("BOOKMARK", bookmark(type, revision, initialEventsEnd)),
  });
  return new Response(stream, { headers });
}
