// What happened where the browser cannot look: steps 3, 4, 7 and 10, told by `proofkey dev` as server-sent events that
// are keyed by `state`. The page works without them too; then those rows say less.

export function follow(state, onEvent) {
  const events = [];
  const waiting = new Set();
  const source = new EventSource(`/trace?state=${encodeURIComponent(state)}`);

  source.onmessage = (message) => {
    // The id is the event's place in the log: a reconnect that replays from the start adds nothing twice.
    if (Number(message.lastEventId) < events.length) return;
    const event = JSON.parse(message.data);
    events.push(event);
    onEvent(event);
    for (const wake of [...waiting]) wake();
  };

  // The first event that fits, already here or still to come, or null after `limitMs`.
  function find(fits, limitMs) {
    const found = events.find(fits);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve) => {
      const settle = (value) => {
        clearTimeout(timer);
        waiting.delete(wake);
        resolve(value);
      };
      const wake = () => {
        const late = events.find(fits);
        if (late !== undefined) settle(late);
      };
      const timer = setTimeout(() => settle(null), limitMs);
      waiting.add(wake);
    });
  }

  return { find, close: () => source.close() };
}

// The last event of a step: a code that is used twice has two of step 7.
export function eventOf(flow, step) {
  return flow.trace.findLast((event) => event.step === step);
}

export function valueOf(event, key) {
  return event?.values?.find(([name]) => name === key)?.[1];
}
