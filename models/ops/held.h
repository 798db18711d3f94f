// A plain C++ value inside an autograd context's saved_data, which stores IValues only.
#pragma once

#include <ATen/core/ivalue.h>

#include <utility>

namespace lambdaforge::models {

template <typename Value>
struct Held : torch::CustomClassHolder {
  explicit Held(Value value) : value(std::move(value)) {}
  Value value;
};

template <typename Value>
c10::IValue hold(Value value) {
  return c10::IValue::make_capsule(c10::make_intrusive<Held<Value>>(std::move(value)));
}

template <typename Value>
Value held(const c10::IValue& stored) {
  return static_cast<const Held<Value>&>(*stored.toCapsule()).value;
}

}  // namespace lambdaforge::models
