// A stream of encrypted messages (PUSH to PULL with CURVE) over loopback between two processes:
// ours and libzmq, beside one thread that boxes and opens the same octets with bare libsodium and
// moves none of them. In turn and several times, with medians and the ratio to that thread.
//
//   curve [--transport=tcp|ipc] [--sizes=1024] [--seconds=2] [--rounds=3]
#include <sodium.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <vector>

#include "adapters/sodium/crypto.h"
#include "bench/contender.h"
#include "bench/flags.h"
#include "bench/process.h"

namespace monocoque::bench {
namespace {

std::shared_ptr<const CurveKeys> MakeKeys() {
  const auto crypto = sodium::MakeCrypto();
  if (crypto == nullptr) Die("libsodium cannot be used");
  const auto pair = [&] {
    SecretKey secret;
    randombytes_buf(secret.mutable_bytes().data(), secret.bytes().size());
    return CurveKeyPair::FromSecret(*crypto, secret);
  };
  return std::make_shared<CurveKeys>(CurveKeys{.server = pair(), .client = pair()});
}

double BoxAndOpen(const Setting& setting) {
  std::array<unsigned char, crypto_box_BEFORENMBYTES> key{};
  const CurveKeys& keys = *setting.curve;
  if (crypto_box_beforenm(key.data(), keys.server.public_key.data(),
                          keys.client.secret_key.bytes().data()) != 0) {
    Die("these keys make no box");
  }
  std::array<unsigned char, crypto_box_NONCEBYTES> nonce{};
  std::vector<unsigned char> plain(setting.payload_bytes, 'x');
  std::vector<unsigned char> box(plain.size() + crypto_box_MACBYTES);
  return CountFor(setting, [&] {
    sodium_increment(nonce.data(), nonce.size());
    crypto_box_easy_afternm(box.data(), plain.data(), plain.size(), nonce.data(), key.data());
    if (crypto_box_open_easy_afternm(plain.data(), box.data(), box.size(), nonce.data(),
                                     key.data()) != 0) {
      Die("a box does not open");
    }
    return std::size_t{1};
  });
}

void Run(const Flags& flags) {
  const std::vector<Contender> streams = {Libzmq(), Uring()};
  std::printf("%s, CURVE, medians of %zu rounds\n", flags.setting.transport.c_str(), flags.rounds);
  for (const std::size_t size : flags.list) {
    Setting setting = flags.setting;
    setting.payload_bytes = size;
    setting.curve = MakeKeys();
    const auto rates = MediansInTurn(streams.size() + 1, flags.rounds, [&](std::size_t i) {
      return i == 0 ? BoxAndOpen(setting) : Throughput(streams[i - 1], setting);
    });
    for (std::size_t i = 0; i < rates.size(); ++i) {
      std::printf("throughput %6zu B  %-14s %9.3f M/s  %8.1f MB/s  ratio %.2f\n", size,
                  i == 0 ? "bare libsodium" : streams[i - 1].name, rates[i] / 1e6,
                  rates[i] * static_cast<double>(size) / 1e6, rates[i] / rates[0]);
    }
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace monocoque::bench

int main(int argc, char** argv) {
  monocoque::bench::Run(monocoque::bench::ParseFlags(argc, argv, {"--sizes", {1024}}));
  return 0;
}
