#include "trainer/data/random.h"

#include "base/splitmix64.h"

namespace lambdaforge::trainer {

Random::Random(uint64_t seed, uint64_t stream) : engine_(splitmix64(splitmix64(seed) ^ stream)) {}

uint64_t Random::below(uint64_t bound) {
  // The first 2^64 mod bound values would make small remainders more likely: draw again.
  const uint64_t rejected = (0 - bound) % bound;
  uint64_t value = engine_();
  while (value < rejected) value = engine_();
  return value % bound;
}

}  // namespace lambdaforge::trainer
