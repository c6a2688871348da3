#ifndef MONOCOQUE_PROTOCOL_MECHANISM_CURVE_CLIENT_H_
#define MONOCOQUE_PROTOCOL_MECHANISM_CURVE_CLIENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/drive/entropy.h"
#include "protocol/mechanism/mechanism.h"
#include "protocol/mechanism/options.h"
#include "protocol/wire/limits.h"

namespace monocoque {

// CURVE (RFC 26), the side that knows the server's key: HELLO, WELCOME, INITIATE, READY.
class CurveClientHandshake final : public Mechanism {
 public:
  // `entropy`: of the short-term key and one nonce.
  CurveClientHandshake(const CurveClient& options, std::string our_metadata, const Limits& limits,
                       std::shared_ptr<Entropy> entropy);

  std::string_view name() const override { return "CURVE"; }
  bool as_server() const override { return false; }
  absl::Status Start(std::string* out) override;
  absl::Status OnCommand(const Command& command, std::string* out) override;
  const Metadata* peer_metadata() const override { return metadata_ ? &*metadata_ : nullptr; }
  std::unique_ptr<CurveSession> TakeSession() override;

 private:
  enum class Stage { kWelcome, kReady, kOver };

  absl::Status OnWelcome(Bytes data, std::string* out);
  absl::Status SendInitiate(const PublicKey& server_short, Bytes cookie, std::string* out);
  absl::Status OnReady(Bytes data);

  const CurveClient options_;
  const std::string our_metadata_;
  const Limits limits_;
  const std::shared_ptr<Entropy> entropy_;
  Stage stage_ = Stage::kWelcome;
  CurveKeyPair short_term_;
  SecretKey hello_key_;  // S and c'
  SecretKey shared_;     // S' and c'
  std::uint64_t received_ = 0;
  std::optional<Metadata> metadata_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_MECHANISM_CURVE_CLIENT_H_
