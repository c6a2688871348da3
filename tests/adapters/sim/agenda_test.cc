#include "adapters/sim/agenda.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace monocoque::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

Instant At(std::int64_t ns) { return Instant::FromNanoseconds(ns); }

std::vector<int> RunAll(Agenda* agenda, std::vector<int>* log) {
  while (!agenda->next().is_never()) agenda->Pop().task();
  return *log;
}

TEST(AgendaTest, InOrderOfTimeThenOfAdding) {
  Agenda agenda(nullptr);
  std::vector<int> log;
  agenda.Add(At(20), [&] { log.push_back(3); });
  agenda.Add(At(10), [&] { log.push_back(1); });
  agenda.Add(At(10), [&] { log.push_back(2); });
  EXPECT_EQ(agenda.next(), At(10));
  EXPECT_THAT(RunAll(&agenda, &log), ElementsAre(1, 2, 3));
  EXPECT_TRUE(agenda.next().is_never());
}

TEST(AgendaTest, CancelledTasksDoNotRun) {
  Agenda agenda(nullptr);
  std::vector<int> log;
  const Agenda::Ticket first = agenda.Add(At(1), [&] { log.push_back(1); });
  agenda.Add(At(2), [&] { log.push_back(2); });
  agenda.Cancel(first);
  agenda.Cancel(first);
  agenda.Cancel(Agenda::Ticket());
  EXPECT_EQ(agenda.work(), 1u);
  EXPECT_THAT(RunAll(&agenda, &log), ElementsAre(2));
}

// What comes again for ever is not waited for.
TEST(AgendaTest, PeriodicTasksAreNoWork) {
  Agenda agenda(nullptr);
  const Agenda::Ticket periodic = agenda.Add(At(1), [] {}, Agenda::Kind::kPeriodic);
  EXPECT_EQ(agenda.work(), 0u);
  agenda.Add(At(2), [] {});
  EXPECT_EQ(agenda.work(), 1u);
  agenda.Cancel(periodic);
  EXPECT_EQ(agenda.work(), 1u);
  agenda.Pop().task();
  EXPECT_EQ(agenda.work(), 0u);
}

// Shuffled: time still comes first, ties go by the seed and not by the order of adding.
TEST(AgendaTest, TheSeedBreaksTies) {
  const auto run = [](std::uint64_t seed) {
    Random random(seed);
    Agenda agenda(&random);
    std::vector<int> log;
    for (int i = 0; i < 8; ++i) agenda.Add(At(5), [&log, i] { log.push_back(i); });
    agenda.Add(At(1), [&log] { log.push_back(-1); });
    return RunAll(&agenda, &log);
  };
  const std::vector<int> once = run(3);
  EXPECT_EQ(once, run(3));
  EXPECT_NE(once, run(4));
  EXPECT_EQ(once.front(), -1);
  EXPECT_THAT(once, UnorderedElementsAre(-1, 0, 1, 2, 3, 4, 5, 6, 7));
}

}  // namespace
}  // namespace monocoque::sim
