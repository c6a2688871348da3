#include "protocol/drive/retry.h"

#include "gtest/gtest.h"

namespace monocoque {
namespace {

// after ERROR not by itself. X-5, T-2: nor after a violation or with a peer that does not fit.
TEST(RetryTest, ADialerDoesNotComeBackToAPeerThatWouldOnlyRefuseAgain) {
  const RetryRules rules;
  for (Cause cause : {Cause::kPeerRejectedUs, Cause::kPeerViolation, Cause::kPeerIncompatible,
                      Cause::kWeRejectedPeer, Cause::kLocal}) {
    EXPECT_EQ(rules.For(cause), Retry::kNever) << CauseName(cause);
  }
}

// an unexpected close and a deadline are transient.
TEST(RetryTest, ADialerComesBackAfterWhatMayPass) {
  const RetryRules rules;
  for (Cause cause :
       {Cause::kTransport, Cause::kDial, Cause::kTimeout, Cause::kHeartbeat, Cause::kNone}) {
    EXPECT_EQ(rules.For(cause), Retry::kBackoff) << CauseName(cause);
  }
  // The peer may send something smaller next time, but it is not asked for it eagerly.
  EXPECT_EQ(rules.For(Cause::kLimit), Retry::kSlowly);
}

// Each cause has a rule of its own.
TEST(RetryTest, TheUserDecidesOtherwise) {
  RetryRules rules;
  rules.dial_failed = Retry::kNever;
  rules.peer_violation = Retry::kSlowly;
  EXPECT_EQ(rules.For(Cause::kDial), Retry::kNever);
  EXPECT_EQ(rules.For(Cause::kPeerViolation), Retry::kSlowly);
  EXPECT_EQ(rules.For(Cause::kTransport), Retry::kBackoff);
  rules.transport = Retry::kNever;
  EXPECT_EQ(rules.For(Cause::kTransport), Retry::kNever);
  EXPECT_EQ(rules.For(Cause::kTimeout), Retry::kBackoff);
}

}  // namespace
}  // namespace monocoque
