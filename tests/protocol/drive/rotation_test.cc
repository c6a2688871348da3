#include "protocol/drive/rotation.h"

#include <array>
#include <cstddef>
#include <string>

#include "gtest/gtest.h"

namespace monocoque {
namespace {

struct Peer {
  explicit Peer(char of) : name(of), turn(this) {}

  char name;
  RotationNode<Peer> turn;
};
using Turns = Rotation<Peer>;

// Who is served, turn by turn.
std::string Serve(Turns* turns, int count) {
  std::string order;
  for (int i = 0; i < count && !turns->empty(); ++i) {
    order += turns->front()->name;
    turns->Rotate();
  }
  return order;
}

TEST(RotationTest, AnEmptyRotationHasNoFront) {
  Turns turns;
  EXPECT_TRUE(turns.empty());
  EXPECT_EQ(turns.front(), nullptr);
  EXPECT_EQ(turns.Pop(), nullptr);
  turns.Rotate();
  EXPECT_TRUE(turns.empty());
}

// ALL-5, ALL-6: each in its turn, in the order they came, again and again.
TEST(RotationTest, AllTakeTurnsInTheOrderTheyCame) {
  Peer a('a'), b('b'), c('c');
  Turns turns;
  turns.Add(&a.turn);
  turns.Add(&b.turn);
  turns.Add(&c.turn);
  EXPECT_FALSE(turns.empty());
  EXPECT_EQ(Serve(&turns, 9), "abcabcabc");
}

// Who follows can be looked at without a turn.
TEST(RotationTest, WhoComesNextIsSeenAhead) {
  Peer a('a'), b('b'), c('c');
  Turns turns;
  EXPECT_EQ(turns.front_node(), nullptr);
  for (Peer* peer : {&a, &b, &c}) turns.Add(&peer->turn);
  turns.Rotate();
  std::string ahead;
  const Turns::Node* node = turns.front_node();
  for (int i = 0; i < 4; ++i, node = node->next) ahead += node->owner->name;
  EXPECT_EQ(ahead, "bcab");
  EXPECT_EQ(turns.front(), &b);
}

TEST(RotationTest, OneAloneIsAlwaysNext) {
  Peer a('a');
  Turns turns;
  turns.Add(&a.turn);
  EXPECT_EQ(Serve(&turns, 3), "aaa");
}

// Until Rotate the front keeps its turn: the frames of one message stay together (ALL-6).
TEST(RotationTest, TheFrontStaysUntilItIsRotated) {
  Peer a('a'), b('b');
  Turns turns;
  turns.Add(&a.turn);
  turns.Add(&b.turn);
  EXPECT_EQ(turns.front(), &a);
  EXPECT_EQ(turns.front(), &a);
  turns.Rotate();
  EXPECT_EQ(turns.front(), &b);
}

// A newcomer is behind all others, wherever the turn stands: it neither jumps in nor takes two.
TEST(RotationTest, ANewcomerWaitsForAllOthers) {
  Peer a('a'), b('b'), c('c'), d('d');
  Turns turns;
  turns.Add(&a.turn);
  turns.Add(&b.turn);
  turns.Add(&c.turn);
  EXPECT_EQ(Serve(&turns, 1), "a");
  turns.Add(&d.turn);
  EXPECT_EQ(Serve(&turns, 8), "bcadbcad");
}

TEST(RotationTest, JoiningTwiceGivesOneTurnAndKeepsThePlace) {
  Peer a('a'), b('b');
  Turns turns;
  turns.Add(&a.turn);
  turns.Add(&b.turn);
  turns.Add(&a.turn);
  EXPECT_EQ(Serve(&turns, 4), "abab");
  turns.Add(&b.turn);
  EXPECT_EQ(Serve(&turns, 4), "abab");
}

TEST(RotationTest, RemovingTheFrontGivesTheTurnToTheNext) {
  Peer a('a'), b('b'), c('c');
  Turns turns;
  turns.Add(&a.turn);
  turns.Add(&b.turn);
  turns.Add(&c.turn);
  turns.Rotate();
  turns.Remove(&b.turn);
  EXPECT_FALSE(b.turn.linked());
  EXPECT_EQ(Serve(&turns, 4), "caca");
}

TEST(RotationTest, RemovingAnotherLeavesTheTurnWhereItIs) {
  for (const char gone : {'a', 'c', 'd'}) {
    std::array<Peer, 4> peers = {Peer('a'), Peer('b'), Peer('c'), Peer('d')};
    Turns turns;
    for (Peer& peer : peers) turns.Add(&peer.turn);
    turns.Rotate();
    turns.Remove(&peers[static_cast<std::size_t>(gone - 'a')].turn);
    std::string expected = "bcda";
    expected.erase(expected.find(gone), 1);
    EXPECT_EQ(Serve(&turns, 6), expected + expected) << gone;
  }
}

// Peers leave in the middle of a round: nobody that is left is skipped or served twice.
TEST(RotationTest, ARoundGoesOnWhileMembersLeave) {
  Peer a('a'), b('b'), c('c'), d('d'), e('e');
  Turns turns;
  for (Peer* peer : {&a, &b, &c, &d, &e}) turns.Add(&peer->turn);
  EXPECT_EQ(Serve(&turns, 2), "ab");
  turns.Remove(&a.turn);  // was served
  turns.Remove(&d.turn);  // was not
  EXPECT_EQ(Serve(&turns, 2), "ce");
  EXPECT_EQ(Serve(&turns, 3), "bce");
}

TEST(RotationTest, RemovingWhatIsNotThereChangesNothing) {
  Peer a('a'), b('b');
  Turns turns;
  turns.Remove(&a.turn);
  EXPECT_TRUE(turns.empty());
  turns.Add(&a.turn);
  turns.Remove(&b.turn);
  turns.Add(&b.turn);
  turns.Remove(&b.turn);
  turns.Remove(&b.turn);
  EXPECT_EQ(Serve(&turns, 2), "aa");
}

TEST(RotationTest, TheLastOneOutLeavesItEmptyAndItFillsAgain) {
  Peer a('a'), b('b');
  Turns turns;
  turns.Add(&a.turn);
  EXPECT_TRUE(a.turn.linked());
  turns.Remove(&a.turn);
  EXPECT_FALSE(a.turn.linked());
  EXPECT_TRUE(turns.empty());
  EXPECT_EQ(turns.front(), nullptr);
  turns.Add(&b.turn);
  turns.Add(&a.turn);
  EXPECT_EQ(Serve(&turns, 4), "baba");
}

// Who comes back is behind the others, as anyone who comes: leaving gains nothing.
TEST(RotationTest, WhoComesBackIsLast) {
  Peer a('a'), b('b'), c('c');
  Turns turns;
  for (Peer* peer : {&a, &b, &c}) turns.Add(&peer->turn);
  turns.Remove(&a.turn);
  turns.Add(&a.turn);
  EXPECT_EQ(Serve(&turns, 3), "bca");
}

// A list of work: each once, first come first served, and work added meanwhile is done too.
TEST(RotationTest, PopTakesEachOnceInOrder) {
  Peer a('a'), b('b'), c('c');
  Turns turns;
  turns.Add(&a.turn);
  turns.Add(&b.turn);
  EXPECT_EQ(turns.Pop(), &a);
  EXPECT_FALSE(a.turn.linked());
  turns.Add(&c.turn);
  turns.Add(&a.turn);
  EXPECT_EQ(turns.Pop(), &b);
  EXPECT_EQ(turns.Pop(), &c);
  EXPECT_EQ(turns.Pop(), &a);
  EXPECT_EQ(turns.Pop(), nullptr);
  EXPECT_TRUE(turns.empty());
}

// Who cannot stays, where it is or behind the others, and is asked once.
TEST(RotationTest, PopsWhoCan) {
  Peer a('a'), b('b'), c('c');
  Turns turns;
  for (Peer* peer : {&a, &b, &c}) turns.Add(&peer->turn);
  int asked = 0;
  const auto is = [&asked](const Peer* wanted) {
    return [&asked, wanted](const Peer* peer) { return ++asked > 0 && peer == wanted; };
  };
  EXPECT_EQ(turns.PopIf(is(&b)), nullptr);
  EXPECT_EQ(turns.front(), &a);
  EXPECT_EQ(turns.PopIf(is(&a)), &a);
  EXPECT_FALSE(a.turn.linked());
  asked = 0;
  EXPECT_EQ(turns.PopFirst(is(&a)), nullptr);
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(turns.PopFirst(is(&c)), &c);
  EXPECT_EQ(turns.PopFirst(is(&b)), &b);
  EXPECT_EQ(turns.PopIf(is(&b)), nullptr);
  EXPECT_EQ(turns.PopFirst(is(&b)), nullptr);
}

}  // namespace
}  // namespace monocoque
