// Render what the page's own player does to some mixes, in an OfflineAudioContext.
//
// Chromium can stop an offline rendering at a render quantum, so there the player is asked in the middle of it, as it
// is in a page. Firefox cannot; there all is asked beforehand, of a context whose clock stands at each step in turn.
async ({ module, rate, mixes, frames, steps, options, ahead, tap, events }) => {
  const { Player } = await import(module);
  const offline = new OfflineAudioContext(1, frames, rate);
  let sources = 0;
  let clock = null;
  // Every source also straight to the output, whether the player lets it be heard or not.
  const createBufferSource = () => {
    const source = offline.createBufferSource();
    sources++;
    if (tap) source.connect(offline.destination);
    return source;
  };
  const destination = tap ? offline.createGain() : offline.destination;
  const context = new Proxy(offline, {
    get(target, name) {
      if (name === "currentTime" && clock !== null) return clock;
      if (name === "createBufferSource") return createBufferSource;
      if (name === "destination") return destination;
      const value = target[name];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const ended = [];
  const player = new Player(context, { leadSeconds: 0.01, ...options, onEnded: () => ended.push(context.currentTime) });
  const add = (token) => {
    const bytes = Uint8Array.from(atob(mixes[token]), (c) => c.charCodeAt(0));
    const samples = new Float32Array(bytes.buffer);
    const buffer = offline.createBuffer(1, samples.length, rate);
    buffer.copyToChannel(samples, 0);
    player.add(token, buffer);
  };
  const act = (step) => {
    for (const [name, ...given] of step) name === "add" ? add(...given) : player[name](...given);
  };
  for (const { quantum, does } of steps) {
    const time = (quantum * 128) / rate;
    if (ahead) {
      clock = time;
      act(does);
    } else if (quantum === 0) act(does);
    else offline.suspend(time).then(() => { act(does); return offline.resume(); });
  }
  const rendered = (await offline.startRendering()).getChannelData(0);
  clock = frames / rate;
  await new Promise((go) => setTimeout(go, 50));
  const told = {
    heard: Object.fromEntries(Object.keys(mixes).map((token) => [token, player.heardSeconds(token)])),
    region: player.region, position: player.position, playing: player.playing, sources, ended: ended.length,
  };
  if (events) {
    const found = [];
    rendered.forEach((value, frame) => { if (Math.abs(value) > 1e-4) found.push(frame, value); });
    return { ...told, events: found };
  }
  let text = "";
  const bytes = new Uint8Array(rendered.buffer);
  for (let from = 0; from < bytes.length; from += 0x8000) text += String.fromCharCode(...bytes.subarray(from, from + 0x8000));
  return { ...told, samples: btoa(text) };
}
