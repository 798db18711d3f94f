#include "trainer/data/random.h"

namespace lambdaforge::trainer {
namespace {

uint64_t splitmix64(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

Random::Random(uint64_t seed, uint64_t stream) : engine_(splitmix64(splitmix64(seed) ^ stream)) {}

uint64_t Random::below(uint64_t bound) {
  // The first 2^64 mod bound values would make small remainders more likely: draw again.
  const uint64_t rejected = (0 - bound) % bound;
  uint64_t value = engine_();
  while (value < rejected) value = engine_();
  return value % bound;
}

}  // namespace lambdaforge::trainer
