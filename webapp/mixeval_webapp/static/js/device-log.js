/** What the audio device says of itself, into the log: at the first play, and again whenever it changes. */

/**
 * @typedef {import("./scope.js").Scope} Scope
 * @typedef {import("./sound.js").Engine} Engine
 */

/** Latencies settle after the first buffers and change with the device; they are looked at this often. */
const LOOK_SECONDS = 5;
/** Smaller changes are a clock's jitter. */
const NOTABLE_SECONDS = 0.005;

export class DeviceLog {
  /** @type {AudioContext | null} */
  #context = null;
  #base = 0;
  #output = 0;

  /**
   * @param {{engine: Pick<Engine, "mediaDevices" | "document">, scope: Scope,
   *   log: (kind: string, stimulus: string | null, detail: object) => void}} tools
   */
  constructor({ engine, scope, log }) {
    this.scope = scope;
    this.log = log;
    // Which devices there are is the listener's own affair: only that they changed is noted.
    if (engine.mediaDevices) scope.listen(engine.mediaDevices, "devicechange", () => log("devices", null, {}));
    for (const state of ["freeze", "resume"])
      scope.listen(engine.document, state, () => log("lifecycle", null, { state }));
  }

  /**
   * Log the context's figures once, and from then on their changes.
   * @param {AudioContext} context
   * @param {number} leadSeconds how far ahead its player schedules
   */
  describe(context, leadSeconds) {
    if (this.#context) return;
    this.#context = context;
    this.#remember();
    this.log("audio", null, {
      sample_rate: context.sampleRate, state: context.state, lead_seconds: leadSeconds, ...this.#latencies(),
    });
    this.scope.every(LOOK_SECONDS, () => this.#look());
    this.scope.listen(context, "sinkchange", () => {
      this.log("sink", null, {});
      this.#look();
    });
  }

  #look() {
    const { base_latency, output_latency } = this.#latencies();
    const isNew =
      Math.abs((base_latency ?? 0) - this.#base) >= NOTABLE_SECONDS ||
      Math.abs((output_latency ?? 0) - this.#output) >= NOTABLE_SECONDS;
    if (!isNew) return;
    this.#remember();
    this.log("latency", null, this.#latencies());
  }

  #remember() {
    const { base_latency, output_latency } = this.#latencies();
    this.#base = base_latency ?? 0;
    this.#output = output_latency ?? 0;
  }

  #latencies() {
    const context = this.#context;
    return { base_latency: told(context?.baseLatency), output_latency: told(context?.outputLatency) };
  }
}

/**
 * Null where a browser does not tell: a latency of 0 is none.
 * @param {number | undefined} seconds
 */
function told(seconds) {
  return seconds ? Math.round(seconds * 1e5) / 1e5 : null;
}
