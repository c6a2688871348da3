#include "adapters/sodium/crypto.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "alloc/bytes.h"
#include "alloc/secret.h"

namespace monocoque::sodium {
namespace {

// The cipher's first block: the tag's key, then what the content's first octets are mixed with.
constexpr std::size_t kBlockBytes = 64;
constexpr std::size_t kTagKeyBytes = 32;
constexpr std::size_t kFirstBytes = kBlockBytes - kTagKeyBytes;
// Octets that are enciphered and then authenticated while they are still near.
constexpr std::size_t kStrideBytes = 8 * 1024;
static_assert(kStrideBytes % kBlockBytes == 0);
static_assert(kFirstBytes == crypto::kMaxHeadBytes);

class SodiumCrypto final : public Crypto {
 public:
  PublicKey PublicOf(const SecretKey& secret) const override {
    PublicKey key;
    crypto_scalarmult_base(key.data(), secret.bytes().data());
    return key;
  }

  bool Agree(const PublicKey& theirs, const SecretKey& ours, SecretKey* shared) const override {
    return crypto_box_beforenm(shared->mutable_bytes().data(), theirs.data(),
                               ours.bytes().data()) == 0;
  }

  void Derive(const SecretKey& key, Bytes prefix, SecretKey* derived) const override {
    crypto_core_hsalsa20(derived->mutable_bytes().data(), prefix.data(), key.bytes().data(),
                         nullptr);
  }

  void Seal(const SecretKey& derived, Bytes counter, Bytes head, Bytes body,
            MutableBytes out) const override {
    const std::uint8_t* key = derived.bytes().data();
    std::array<std::uint8_t, kBlockBytes> block{};
    const std::size_t lead = std::min(body.size(), kFirstBytes - head.size());
    const std::size_t first = head.size() + lead;
    std::ranges::copy(head, block.begin() + kTagKeyBytes);
    if (lead > 0) std::memcpy(block.data() + kTagKeyBytes + head.size(), body.data(), lead);
    crypto_stream_salsa20_xor(block.data(), block.data(), kTagKeyBytes + first, counter.data(),
                              key);
    Tag tag(block.data());
    MutableBytes sealed = out.subspan(crypto::kTagBytes);
    if (first > 0) std::memcpy(sealed.data(), block.data() + kTagKeyBytes, first);
    tag.Add(Bytes(sealed).first(first));
    Wipe(block);
    body = body.subspan(lead);
    sealed = sealed.subspan(first);
    for (std::uint64_t at = 1; !body.empty(); at += kStrideBytes / kBlockBytes) {
      const std::size_t here = std::min(body.size(), kStrideBytes);
      crypto_stream_salsa20_xor_ic(sealed.data(), body.data(), here, counter.data(), at, key);
      tag.Add(Bytes(sealed).first(here));
      body = body.subspan(here);
      sealed = sealed.subspan(here);
    }
    tag.Finish(out.data());
  }

  bool Open(const SecretKey& derived, Bytes counter, Bytes tag, Bytes sealed,
            MutableBytes out) const override {
    const std::uint8_t* key = derived.bytes().data();
    std::array<std::uint8_t, kBlockBytes> block;
    const std::size_t first = std::min(sealed.size(), kFirstBytes);
    crypto_stream_salsa20(block.data(), block.size(), counter.data(), key);
    const bool genuine = crypto_onetimeauth_poly1305_verify(tag.data(), sealed.data(),
                                                            sealed.size(), block.data()) == 0;
    if (genuine) {
      for (std::size_t i = 0; i < first; ++i) out[i] = sealed[i] ^ block[kTagKeyBytes + i];
      if (sealed.size() > first) {
        crypto_stream_salsa20_xor_ic(out.data() + first, sealed.data() + first,
                                     sealed.size() - first, counter.data(), 1, key);
      }
    }
    Wipe(block);
    return genuine;
  }

 private:
  class Tag {
   public:
    explicit Tag(const std::uint8_t* key) { crypto_onetimeauth_poly1305_init(&state_, key); }
    ~Tag() { sodium_memzero(&state_, sizeof(state_)); }

    void Add(Bytes sealed) {
      crypto_onetimeauth_poly1305_update(&state_, sealed.data(), sealed.size());
    }
    void Finish(std::uint8_t* out) { crypto_onetimeauth_poly1305_final(&state_, out); }

   private:
    crypto_onetimeauth_poly1305_state state_;
  };
};

}  // namespace

std::shared_ptr<const Crypto> MakeCrypto() {
  if (sodium_init() < 0) return nullptr;
  return std::make_shared<SodiumCrypto>();
}

}  // namespace monocoque::sodium
