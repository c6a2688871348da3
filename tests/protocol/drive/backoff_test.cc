#include "protocol/drive/backoff.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "alloc/bytes.h"
#include "gtest/gtest.h"
#include "protocol/drive/entropy.h"

namespace monocoque {
namespace {

// Repeats the octets it was given.
class FixedEntropy : public Entropy {
 public:
  explicit FixedEntropy(std::vector<std::uint8_t> octets) : octets_(std::move(octets)) {}
  void Fill(MutableBytes out) override {
    for (std::uint8_t& octet : out) octet = octets_[taken_++ % octets_.size()];
  }
  std::size_t taken() const { return taken_; }

 private:
  std::vector<std::uint8_t> octets_;
  std::size_t taken_ = 0;
};

FixedEntropy NoJitter() { return FixedEntropy({0}); }
FixedEntropy MostJitter() { return FixedEntropy({0xff}); }

Backoff Between(absl::Duration interval, absl::Duration max_interval) {
  return Backoff({.interval = interval, .max_interval = max_interval});
}

std::vector<absl::Duration> Pauses(Backoff* backoff, Entropy* entropy, int count) {
  std::vector<absl::Duration> pauses;
  for (int i = 0; i < count; ++i) pauses.push_back(backoff->Next(entropy));
  return pauses;
}

std::vector<absl::Duration> Milliseconds(const std::vector<int>& values) {
  std::vector<absl::Duration> pauses;
  for (const int value : values) pauses.push_back(absl::Milliseconds(value));
  return pauses;
}

// pauses grow on repetition.
TEST(BackoffTest, PausesDoubleUpToTheLongest) {
  Backoff backoff = Between(absl::Milliseconds(100), absl::Seconds(1));
  FixedEntropy entropy = NoJitter();
  EXPECT_EQ(Pauses(&backoff, &entropy, 7), Milliseconds({100, 200, 400, 800, 1000, 1000, 1000}));
}

// Limits: 100 ms plus a random part of up to 100 ms is libzmq's pause too.
TEST(BackoffTest, WithoutOptionsTheFirstPauseIs100MillisecondsAndTheLongestFiveSeconds) {
  Backoff backoff{BackoffOptions()};
  FixedEntropy entropy = NoJitter();
  EXPECT_EQ(backoff.Next(&entropy), absl::Milliseconds(100));
  EXPECT_EQ(backoff.Longest(&entropy), absl::Seconds(5));
}

// jitter. It comes from the given entropy and from nowhere else.
TEST(BackoffTest, TheRandomPartIsTheEntropysShareOfThePause) {
  const auto first_pause = [](std::vector<std::uint8_t> octets) {
    FixedEntropy entropy(std::move(octets));
    return Between(absl::Milliseconds(1000), absl::Seconds(5)).Next(&entropy);
  };
  EXPECT_EQ(first_pause({0x00, 0x00}), absl::Milliseconds(1000));
  EXPECT_EQ(first_pause({0x40, 0x00}), absl::Milliseconds(1250));
  EXPECT_EQ(first_pause({0x80, 0x00}), absl::Milliseconds(1500));
  EXPECT_EQ(first_pause({0xc0, 0x00}), absl::Milliseconds(1750));
  // Finer than the first octet alone would give.
  EXPECT_GT(first_pause({0x80, 0x80}), first_pause({0x80, 0x00}));
}

TEST(BackoffTest, TheRandomPartIsLessThanThePauseItself) {
  Backoff backoff = Between(absl::Milliseconds(100), absl::Milliseconds(400));
  FixedEntropy entropy = MostJitter();
  for (const int pause : {100, 200, 400, 400}) {
    const absl::Duration got = backoff.Next(&entropy);
    EXPECT_LT(got, absl::Milliseconds(2 * pause));
    EXPECT_GT(got, absl::Milliseconds(2 * pause - 1));
  }
}

// Each pause draws anew, so that dialers with the same history part from each other.
TEST(BackoffTest, EachPauseHasAJitterOfItsOwn) {
  Backoff backoff = Between(absl::Milliseconds(100), absl::Milliseconds(100));
  FixedEntropy entropy({0x00, 0x00, 0x80, 0x00, 0x40, 0x00});
  EXPECT_EQ(Pauses(&backoff, &entropy, 4), Milliseconds({100, 150, 125, 100}));
  const std::size_t before = entropy.taken();
  backoff.Longest(&entropy);
  EXPECT_GT(entropy.taken(), before);
}

// The jitter is not doubled along: growth does not depend on luck.
TEST(BackoffTest, GrowthGoesByTheIntervalWithoutItsJitter) {
  Backoff backoff = Between(absl::Milliseconds(100), absl::Seconds(10));
  FixedEntropy entropy({0x80, 0x00});
  EXPECT_EQ(Pauses(&backoff, &entropy, 3), Milliseconds({150, 300, 600}));
}

TEST(BackoffTest, AfterASuccessTheNextPauseIsTheFirstAgain) {
  Backoff backoff = Between(absl::Milliseconds(100), absl::Seconds(1));
  FixedEntropy entropy = NoJitter();
  Pauses(&backoff, &entropy, 6);
  backoff.OnSuccess(absl::Milliseconds(100));
  EXPECT_EQ(Pauses(&backoff, &entropy, 3), Milliseconds({100, 200, 400}));
  backoff.OnSuccess(absl::Milliseconds(99));
  EXPECT_EQ(Pauses(&backoff, &entropy, 2), Milliseconds({800, 1000})) << "it was none";
}

TEST(BackoffTest, TheLongestPauseDoesNotWaitForGrowthAndDoesNotCauseIt) {
  Backoff backoff = Between(absl::Milliseconds(100), absl::Seconds(1));
  FixedEntropy none = NoJitter();
  FixedEntropy half({0x80, 0x00});
  EXPECT_EQ(backoff.Longest(&none), absl::Seconds(1));
  EXPECT_EQ(backoff.Longest(&half), absl::Milliseconds(1500));
  EXPECT_EQ(Pauses(&backoff, &none, 2), Milliseconds({100, 200}));
}

// A longest pause below the first: constant pauses, as libzmq's without RECONNECT_IVL_MAX.
TEST(BackoffTest, AMaximumBelowTheIntervalMeansThatPausesDoNotGrow) {
  for (const absl::Duration max :
       {absl::ZeroDuration(), absl::Milliseconds(50), -absl::Seconds(1)}) {
    Backoff backoff = Between(absl::Milliseconds(100), max);
    FixedEntropy entropy = NoJitter();
    EXPECT_EQ(Pauses(&backoff, &entropy, 3), Milliseconds({100, 100, 100})) << max;
    EXPECT_EQ(backoff.Longest(&entropy), absl::Milliseconds(100)) << max;
  }
}

TEST(BackoffTest, NoIntervalIsAMillisecond) {
  for (const absl::Duration interval :
       {absl::ZeroDuration(), -absl::Seconds(1), -absl::InfiniteDuration()}) {
    Backoff backoff = Between(interval, absl::Milliseconds(3));
    FixedEntropy entropy = NoJitter();
    EXPECT_EQ(Pauses(&backoff, &entropy, 4), Milliseconds({1, 2, 3, 3})) << interval;
    backoff.OnSuccess(absl::Seconds(1));
    EXPECT_EQ(backoff.Next(&entropy), absl::Milliseconds(1)) << interval;
  }
}

// A dialer comes back some day, whatever it was told.
TEST(BackoffTest, PausesStayFinite) {
  Backoff backoff = Between(absl::InfiniteDuration(), absl::InfiniteDuration());
  FixedEntropy entropy = MostJitter();
  for (int i = 0; i < 3; ++i) EXPECT_LE(backoff.Next(&entropy), absl::Hours(48));
  EXPECT_LE(backoff.Longest(&entropy), absl::Hours(48));
  Backoff growing = Between(absl::Milliseconds(1), absl::InfiniteDuration());
  for (int i = 0; i < 200; ++i) EXPECT_LE(growing.Next(&entropy), absl::Hours(48)) << i;
}

}  // namespace
}  // namespace monocoque
