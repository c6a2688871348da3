#ifndef MONOCOQUE_PROTOCOL_MECHANISM_CURVE_SERVER_H_
#define MONOCOQUE_PROTOCOL_MECHANISM_CURVE_SERVER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/drive/entropy.h"
#include "protocol/mechanism/curve_box.h"
#include "protocol/mechanism/mechanism.h"
#include "protocol/mechanism/options.h"
#include "protocol/wire/limits.h"

namespace monocoque {

// CURVE (RFC 26), the side whose key the others know. Between WELCOME and INITIATE it keeps the
// cookie's key alone: what it needs then is in the cookie.
class CurveServerHandshake final : public Mechanism {
 public:
  // `entropy`: of the short-term key, the cookie and its key, and two nonces.
  CurveServerHandshake(const CurveServer& options, std::string our_metadata, const Limits& limits,
                       std::shared_ptr<Entropy> entropy);

  std::string_view name() const override { return "CURVE"; }
  bool as_server() const override { return true; }
  absl::Status Start(std::string* /*out*/) override { return absl::OkStatus(); }
  absl::Status OnCommand(const Command& command, std::string* out) override;
  bool asking() const override { return asking_; }
  void Describe(AuthRequest* request) override;
  absl::Status Admit(std::string* out) override;
  const Metadata* peer_metadata() const override { return metadata_ ? &*metadata_ : nullptr; }
  void Finish(std::string* out) override;
  std::unique_ptr<CurveSession> TakeSession() override;

 private:
  enum class Stage { kHello, kInitiate, kOver };

  absl::Status OnHello(Bytes data, std::string* out);
  std::string MakeCookie(const PublicKey& client_short, const CurveKeyPair& short_term,
                         const LongNonce& nonce);
  absl::Status OnInitiate(Bytes data);
  absl::Status CheckVouch(const SecretKey& short_term, const PublicKey& client_short, Bytes vouch);

  const CurveServer options_;
  const std::string our_metadata_;
  const Limits limits_;
  const std::shared_ptr<Entropy> entropy_;
  Stage stage_ = Stage::kHello;
  bool asking_ = false;
  SecretKey cookie_key_;
  SecretKey shared_;  // C' and s'
  PublicKey client_key_{};
  std::uint64_t received_ = 0;
  std::optional<Metadata> metadata_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_MECHANISM_CURVE_SERVER_H_
