// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Shows Python tests what the core computes: prints JSON, or raw bytes.
//   core_probe strides                  {"fps quarters": stride} for 1 to 240 fps in quarters
//   core_probe checkpoint FILE          every tensor: path, dtype, shape, hexadecimal bytes
//   core_probe mutate FILE SEED COUNT   reads mutated copies of FILE; prints how many were read and how many refused
//   core_probe rewrite IN OUT           reads IN and writes its root as PyTorch zip
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "action/checkpoint/checkpoint.h"
#include "action/error.h"
#include "action/frame_sampler.h"

namespace {

using nlohmann::json;

void Collect(const action::Value &value, const std::string &path, json &out) {
  if (const auto *tensor = value.As<action::Tensor>()) {
    std::string hex;
    for (const std::byte b : tensor->ToBytes()) {
      char digits[3];
      std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned>(b));
      hex += digits;
    }
    out[path] = {{"dtype", NameOf(tensor->dtype())},
                 {"shape", tensor->shape()},
                 {"bytes", hex},
                 {"floats", tensor->ToFloats().size()}};
  } else if (const auto *dict = value.As<action::Dict>()) {
    for (const auto &[key, item] : dict->items) {
      const auto *text = key->As<std::string>();
      const auto *number = key->As<int64_t>();
      Collect(*item, path + "/" + (text != nullptr ? *text : number != nullptr ? std::to_string(*number) : "?"), out);
    }
    if (dict->attributes) Collect(*dict->attributes, path + "/@", out);
  } else if (value.As<action::List>() != nullptr || value.As<action::Tuple>() != nullptr) {
    const auto *list = value.As<action::List>();
    const auto &items = list != nullptr ? list->items : value.As<action::Tuple>()->items;
    for (size_t i = 0; i < items.size(); ++i)
      Collect(*items[i], path + "/" + std::to_string(i), out);
  } else if (const auto *text = value.As<std::string>()) {
    out[path] = {{"value", *text}};
  } else if (const auto *number = value.As<int64_t>()) {
    out[path] = {{"value", *number}};
  } else if (const auto *flag = value.As<bool>()) {
    out[path] = {{"value", *flag}};
  } else if (const auto *real = value.As<double>()) {
    out[path] = {{"value", *real}};
  } else {
    out[path] = {{"value", action::Describe(value)}};
  }
}

int Mutate(const std::string &path, unsigned seed, int count) {
  std::ifstream file(path, std::ios::binary);
  const std::string original((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::mt19937 random(seed);
  int read = 0, refused = 0;
  for (int i = 0; i < count; ++i) {
    std::string copy = original;
    const auto position = [&] { return random() % copy.size(); };
    switch (random() % 4) {
      case 0:
        copy.resize(position());
        break;  // cut off
      case 1:
        copy.erase(position(), 1 + random() % 64);
        break;  // bytes missing
      case 2:
        copy.insert(position(), 1 + random() % 16, static_cast<char>(random()));
        break;
      default:
        for (unsigned k = 0; k <= random() % 8; ++k)
          copy[position()] = static_cast<char>(random());
    }
    auto bytes = std::make_shared<std::vector<std::byte>>(copy.size());
    std::memcpy(bytes->data(), copy.data(), copy.size());
    try {
      const action::Checkpoint checkpoint = action::ParseCheckpoint(bytes, "mutated");
      json ignored;
      Collect(*checkpoint.root, "", ignored);  // every byte that a tensor claims is touched
      ++read;
    } catch (const action::Error &) {
      ++refused;
    }
  }
  std::cout << json{{"read", read}, {"refused", refused}} << "\n";
  return 0;
}

}  // namespace

int main(int argc, char **argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  try {
    if (args.at(0) == "strides") {
      json out;
      for (int quarters = 4; quarters <= 960; ++quarters) {
        out[std::to_string(quarters)] = action::FrameSampler::StrideFor({quarters, 4}, {8, 1});
      }
      std::cout << out << "\n";
    } else if (args.at(0) == "checkpoint") {
      json out = json::object();
      Collect(*action::ReadCheckpoint(args.at(1)).root, "", out);
      std::cout << out << "\n";
    } else if (args.at(0) == "mutate") {
      return Mutate(args.at(1), static_cast<unsigned>(std::stoul(args.at(2))), std::stoi(args.at(3)));
    } else if (args.at(0) == "rewrite") {
      action::WriteTorchZip(args.at(2), *action::ReadCheckpoint(args.at(1)).root);
    } else {
      return 2;
    }
  } catch (const action::Error &e) {
    std::cerr << e.what() << "\n";
    return 1;
  }
  return 0;
}
