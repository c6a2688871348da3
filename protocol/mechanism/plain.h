#ifndef MONOCOQUE_PROTOCOL_MECHANISM_PLAIN_H_
#define MONOCOQUE_PROTOCOL_MECHANISM_PLAIN_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/mechanism/mechanism.h"
#include "protocol/mechanism/options.h"
#include "protocol/wire/limits.h"

namespace monocoque {

// PLAIN (RFC 24), the side that has a name and a password: HELLO, WELCOME, INITIATE, READY.
class PlainClientHandshake final : public Mechanism {
 public:
  PlainClientHandshake(PlainClient options, std::string our_metadata, const Limits& limits)
      : options_(std::move(options)), our_metadata_(std::move(our_metadata)), limits_(limits) {}

  std::string_view name() const override { return "PLAIN"; }
  bool as_server() const override { return false; }
  absl::Status Start(std::string* out) override;
  absl::Status OnCommand(const Command& command, std::string* out) override;
  // libzmq's ERROR (P-7).
  std::optional<Command> ReadMisspelled(Bytes body) const override;
  const Metadata* peer_metadata() const override { return metadata_ ? &*metadata_ : nullptr; }

 private:
  PlainClient options_;
  const std::string our_metadata_;
  const Limits limits_;
  bool welcome_ = false;
  std::optional<Metadata> metadata_;
};

// The side that asks an authenticator about them.
class PlainServerHandshake final : public Mechanism {
 public:
  PlainServerHandshake(const PlainServer& options, std::string our_metadata, const Limits& limits)
      : domain_(options.domain), our_metadata_(std::move(our_metadata)), limits_(limits) {}
  ~PlainServerHandshake() override { Wipe(&password_); }

  std::string_view name() const override { return "PLAIN"; }
  bool as_server() const override { return true; }
  absl::Status Start(std::string* /*out*/) override { return absl::OkStatus(); }
  absl::Status OnCommand(const Command& command, std::string* out) override;
  bool asking() const override { return stage_ == Stage::kAsking; }
  void Describe(AuthRequest* request) override;
  absl::Status Admit(std::string* out) override;
  const Metadata* peer_metadata() const override { return metadata_ ? &*metadata_ : nullptr; }
  void Finish(std::string* out) override;

 private:
  enum class Stage { kHello, kAsking, kInitiate, kOver };

  absl::Status OnHello(Bytes data);

  const std::string domain_;
  const std::string our_metadata_;
  const Limits limits_;
  Stage stage_ = Stage::kHello;
  std::string username_;
  std::string password_;
  std::optional<Metadata> metadata_;
};

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_MECHANISM_PLAIN_H_
