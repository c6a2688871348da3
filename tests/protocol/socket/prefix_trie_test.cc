#include "protocol/socket/prefix_trie.h"

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace monocoque {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Number {
  int value = 0;
  bool empty() const { return value == 0; }
};
using Trie = PrefixTrie<Number>;

std::vector<int> Matching(Trie& trie, std::string_view topic) {
  std::vector<int> found;
  trie.Walk(topic, [&](const Number& number) {
    found.push_back(number.value);
    return true;
  });
  return found;
}

// S-5: a prefix matches what begins with it; the empty one matches everything, and alone an empty
// topic.
TEST(PrefixTrieTest, FindsAllPrefixesOfATopic) {
  Trie trie;
  trie.Insert("")->value = {1};
  trie.Insert("weather")->value = {2};
  trie.Insert("weather.de")->value = {3};
  trie.Insert("wealth")->value = {4};
  EXPECT_THAT(Matching(trie, "weather.de.berlin"), ElementsAre(1, 2, 3));
  EXPECT_THAT(Matching(trie, "weather"), ElementsAre(1, 2));
  EXPECT_THAT(Matching(trie, "weathe"), ElementsAre(1));
  EXPECT_THAT(Matching(trie, ""), ElementsAre(1));
}

TEST(PrefixTrieTest, APrunedPrefixLeavesTheOthers) {
  Trie trie;
  trie.Insert("ab")->value = {1};
  trie.Insert("abcd")->value = {2};
  trie.Insert("abce")->value = {3};
  auto* node = trie.Find("abcd");
  ASSERT_NE(node, nullptr);
  node->value = {};
  trie.Prune(node);
  EXPECT_THAT(Matching(trie, "abcd"), ElementsAre(1));
  EXPECT_THAT(Matching(trie, "abce"), ElementsAre(1, 3));
  EXPECT_EQ(trie.Find("abcd"), nullptr);
  EXPECT_EQ(trie.PrefixOf(trie.Find("abce")), "abce");
}

// Octets above 127 and zero are octets like others, and the order is theirs.
TEST(PrefixTrieTest, OrderIsThatOfOctets) {
  Trie trie;
  for (std::string_view prefix :
       {std::string_view("\xff"), std::string_view("\0", 1), std::string_view("a")}) {
    trie.Insert(prefix)->value = {1};
  }
  std::vector<std::string> order;
  trie.ForEach([&](const std::string& prefix, const Number&) { order.push_back(prefix); });
  EXPECT_THAT(order, ElementsAre(std::string("\0", 1), "a", "\xff"));
}

// A chain of a hundred thousand prefixes, each one octet longer: nothing recurses.
TEST(PrefixTrieTest, DeepChainsNeedNoStack) {
  Trie trie;
  std::string prefix;
  Trie::Node* deepest = nullptr;
  for (int i = 0; i < 5000; ++i) {
    prefix.push_back('a');
    deepest = trie.Insert(prefix);
    deepest->value = {1};
  }
  EXPECT_EQ(Matching(trie, prefix).size(), 5000u);
  EXPECT_EQ(trie.PrefixOf(deepest), prefix);
  trie.Clear();
  EXPECT_FALSE(trie.Matches(prefix));
}

// Against a plain map, with many additions and removals over a small alphabet.
TEST(PrefixTrieTest, AgreesWithAPlainMap) {
  Trie trie;
  std::map<std::string, int> plain;
  std::minstd_rand random(7);
  const auto word = [&](std::size_t longest) {
    std::string made(random() % (longest + 1), 'a');
    for (char& c : made) c = static_cast<char>('a' + random() % 3);
    return made;
  };
  for (int step = 1; step <= 20000; ++step) {
    const std::string prefix = word(6);
    if (random() % 2 == 0) {
      trie.Insert(prefix)->value = {step};
      plain[prefix] = step;
    } else if (auto* node = trie.Find(prefix); node != nullptr) {
      node->value = {};
      trie.Prune(node);
      plain.erase(prefix);
    }
    const std::string topic = word(9);
    std::vector<int> expected;
    for (const auto& [known, value] : plain) {
      if (absl::StartsWith(topic, known)) expected.push_back(value);
    }
    ASSERT_EQ(Matching(trie, topic), expected) << "step " << step;
  }
  std::map<std::string, int> walked;
  trie.ForEach(
      [&](const std::string& prefix, const Number& number) { walked[prefix] = number.value; });
  EXPECT_EQ(walked, plain);
}

}  // namespace
}  // namespace monocoque
