// Random numbers from a seed, for the forms of static_forms.py.
window.chance = (seed) => {
  let state = Math.imul(seed, 0x85ebca6b);
  const uniform = () => { // mulberry32, by Tommy Ettinger
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
};
