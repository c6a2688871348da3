#include "alloc/payload.h"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alloc/budget.h"
#include "alloc/bytes.h"
#include "alloc/slice.h"
#include "gtest/gtest.h"

namespace monocoque {
namespace {

using Sizes = std::initializer_list<std::size_t>;

// `size` octets, no two neighbours alike.
std::string Pattern(std::size_t size, std::size_t seed = 0) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>('a' + (i + seed) % 26);
  return out;
}

std::string_view Text(const Payload& payload) { return AsText(payload.bytes()); }
std::string_view AttributeText(const Payload& payload) { return AsText(payload.attribute()); }

Payload Holding(std::string_view text) {
  Payload payload;
  EXPECT_TRUE(payload.AssignCopy(AsBytes(text)));
  return payload;
}

// The user's memory, and how often it was given back.
struct Lent {
  std::string text;
  int given_back = 0;

  explicit Lent(std::size_t size) : text(Pattern(size, 7)) {}
  Slice Adopt() { return Slice::Adopt(text.data(), text.size(), &Lent::GiveBack, this); }
  static void GiveBack(void* arg) { ++static_cast<Lent*>(arg)->given_back; }
};

TEST(PayloadTest, ANewPayloadIsEmpty) {
  const Payload payload;
  EXPECT_EQ(payload.size(), 0u);
  EXPECT_TRUE(payload.bytes().empty());
  EXPECT_TRUE(payload.attribute().empty());
  EXPECT_TRUE(payload.is_inline());
  EXPECT_EQ(payload.number(), 0u);
  EXPECT_EQ(payload.tag(), 0);
}

TEST(PayloadTest, CopiesOfAnySizeAreWhole) {
  for (const std::size_t size : Sizes{0, 1, 16, 17, 79, 80, 81, 1000}) {
    std::string text = Pattern(size);
    const Payload payload = Holding(text);
    text.assign(size, '!');
    EXPECT_EQ(Text(payload), Pattern(size));
    EXPECT_EQ(payload.size(), size);
    EXPECT_EQ(payload.is_inline(), size <= Payload::kInlineBytes) << size;
  }
}

// The source is as large as said and not an octet more: AddressSanitizer sees a read past it.
TEST(PayloadTest, AssignInlineReadsNoFurtherThanItMay) {
  for (const std::size_t readable : Sizes{0, 1, 40, 79, 80, 81}) {
    const std::string text = Pattern(readable);
    auto source = std::make_unique<std::uint8_t[]>(readable);
    for (std::size_t i = 0; i < readable; ++i) source[i] = AsBytes(text)[i];
    Payload payload;
    const std::size_t size = readable < 30 ? readable : 30;
    payload.AssignInline(source.get(), size, readable);
    EXPECT_EQ(Text(payload), text.substr(0, size)) << readable;
  }
}

TEST(PayloadTest, ASliceOfSomeSizeIsSharedAndASmallOneIsCopied) {
  Lent large(Payload::kInlineBytes + 1);
  Lent small(Payload::kInlineBytes);
  Payload payload;
  payload.AssignSlice(large.Adopt());
  EXPECT_EQ(Text(payload).data(), large.text.data()) << "no copy";
  EXPECT_EQ(large.given_back, 0);
  payload.AssignSlice(small.Adopt());
  EXPECT_EQ(large.given_back, 1) << "replaced";
  EXPECT_EQ(small.given_back, 1) << "copied inside, so that it pins nothing";
  EXPECT_EQ(Text(payload), small.text);
  payload.AssignSlice(Slice::Copy("inline slice"));
  EXPECT_EQ(Text(payload), "inline slice");
}

TEST(PayloadTest, BorrowedOctetsStayWhereTheyLieUntilTheyAreOwned) {
  const std::string small = Pattern(Payload::kInlineBytes);
  std::string lent = Pattern(1000);
  Payload payload;
  payload.AssignBorrowed(AsBytes(small));
  EXPECT_TRUE(payload.is_inline());
  EXPECT_TRUE(payload.Own());
  payload.AssignBorrowed(AsBytes(lent));
  EXPECT_TRUE(payload.borrowed());
  EXPECT_EQ(Text(payload).data(), lent.data()) << "no copy";
  const Payload copy = payload;
  const Slice slice = payload.ToSlice();
  Payload moved = std::move(payload);
  EXPECT_EQ(Text(moved).data(), lent.data()) << "moving copies nothing";
  Payload owned = std::move(moved);
  ASSERT_TRUE(owned.Own());
  EXPECT_FALSE(owned.borrowed());
  lent.assign(lent.size(), '!');
  for (const std::string_view text : {Text(copy), slice.text(), Text(owned)}) {
    EXPECT_EQ(text, Pattern(1000));
  }
}

TEST(PayloadTest, BorrowedOctetsLoseAPrefixAndMoveInside) {
  const std::string lent = Pattern(100);
  Payload payload;
  payload.AssignBorrowed(AsBytes(lent));
  ASSERT_TRUE(payload.SetAttribute(AsBytes("id")));
  payload.RemovePrefix(60);
  EXPECT_EQ(Text(payload), lent.substr(60));
  payload.TakeInside();
  EXPECT_TRUE(payload.is_inline());
  EXPECT_EQ(Text(payload), lent.substr(60));
  EXPECT_EQ(AttributeText(payload), "id");
}

TEST(PayloadTest, ClearAndTheEndGiveTheMemoryBack) {
  Lent cleared(100);
  Lent destroyed(100);
  Payload payload;
  payload.AssignSlice(cleared.Adopt());
  payload.Clear();
  EXPECT_EQ(cleared.given_back, 1);
  EXPECT_EQ(payload.size(), 0u);
  EXPECT_TRUE(payload.is_inline());
  {
    Payload shorter;
    shorter.AssignSlice(destroyed.Adopt());
  }
  EXPECT_EQ(destroyed.given_back, 1);
}

TEST(PayloadTest, EveryAssignDropsTheAttributeAndKeepsTagAndNumber) {
  const std::string text = Pattern(200);
  Payload payload;
  payload.set_tag(0xfe);
  payload.set_number(0x0123456789abcdef);
  auto expect_bare = [&](std::string_view what) {
    EXPECT_TRUE(payload.attribute().empty()) << what;
    EXPECT_EQ(payload.tag(), 0xfe) << what;
    EXPECT_EQ(payload.number(), 0x0123456789abcdefu) << what;
    EXPECT_TRUE(payload.SetAttribute(AsBytes("id"))) << what;
  };
  expect_bare("new");
  payload.AssignInline(AsBytes(text).data(), 80, text.size());
  expect_bare("AssignInline");
  EXPECT_TRUE(payload.AssignCopy(AsBytes(text)));
  expect_bare("AssignCopy");
  payload.AssignSlice(Slice::Copy(text));
  expect_bare("AssignSlice");
  payload.Clear();
  expect_bare("Clear");
}

TEST(PayloadTest, CopiesShareALargeContentAndOwnASmallOne) {
  Lent lent(100);
  Payload first;
  first.AssignSlice(lent.Adopt());
  Payload second(first);
  EXPECT_EQ(Text(second).data(), Text(first).data());
  first.Clear();
  EXPECT_EQ(lent.given_back, 0);
  EXPECT_EQ(Text(second), lent.text);
  second = Holding("small");
  EXPECT_EQ(lent.given_back, 1);
  const Payload third = second;
  second.Clear();
  EXPECT_EQ(Text(third), "small");
}

TEST(PayloadTest, ACopyCarriesEverything) {
  for (const std::size_t size : Sizes{10, 80, 300}) {
    for (const std::size_t attribute : Sizes{0, 5, 60, 255}) {
      Payload first = Holding(Pattern(size));
      ASSERT_TRUE(first.SetAttribute(AsBytes(Pattern(attribute, 3))));
      first.set_tag(9);
      first.set_number(77);
      const Payload second = first;
      first = Payload();
      EXPECT_EQ(Text(second), Pattern(size));
      EXPECT_EQ(AttributeText(second), Pattern(attribute, 3));
      EXPECT_EQ(second.tag(), 9);
      EXPECT_EQ(second.number(), 77u);
    }
  }
}

TEST(PayloadTest, MovingLeavesAnEmptyPayloadAndNoSecondOwner) {
  Lent content(100);
  Lent attribute(100);
  Payload first;
  first.AssignSlice(content.Adopt());
  ASSERT_TRUE(first.SetAttribute(attribute.Adopt()));
  first.set_tag(3);
  {
    Payload second = std::move(first);
    EXPECT_EQ(first.size(), 0u);  // NOLINT: the moved-from state is the contract here.
    EXPECT_TRUE(first.attribute().empty());
    EXPECT_EQ(Text(second), content.text);
    EXPECT_EQ(AttributeText(second), attribute.text);
    EXPECT_EQ(second.tag(), 3);
    Payload third = Holding("replaced");
    third = std::move(second);
    EXPECT_EQ(Text(third), content.text);
    EXPECT_EQ(content.given_back, 0);
  }
  EXPECT_EQ(content.given_back, 1);
  EXPECT_EQ(attribute.given_back, 1);
}

TEST(PayloadTest, AssigningItselfChangesNothing) {
  Lent lent(100);
  Payload payload;
  payload.AssignSlice(lent.Adopt());
  ASSERT_TRUE(payload.SetAttribute(AsBytes("id")));
  Payload& alias = payload;
  payload = alias;
  payload = std::move(alias);
  EXPECT_EQ(Text(payload), lent.text);
  EXPECT_EQ(AttributeText(payload), "id");
  EXPECT_EQ(lent.given_back, 0);
}

TEST(PayloadTest, ToSliceSharesWhatIsSharedAndCopiesTheRest) {
  Lent lent(100);
  Slice slice;
  {
    Payload payload;
    payload.AssignSlice(lent.Adopt());
    slice = payload.ToSlice();
  }
  EXPECT_EQ(lent.given_back, 0) << "the slice keeps it";
  EXPECT_EQ(slice.text().data(), lent.text.data());
  slice = Holding(Pattern(80)).ToSlice();
  EXPECT_EQ(lent.given_back, 1);
  EXPECT_EQ(slice.text(), Pattern(80));
}

TEST(PayloadTest, RemovePrefixKeepsTheRestAndTheAttribute) {
  for (const std::size_t size : Sizes{70, 300}) {
    Payload payload = Holding(Pattern(size));
    ASSERT_TRUE(payload.SetAttribute(AsBytes("attribute")));
    payload.RemovePrefix(0);
    payload.RemovePrefix(10);
    EXPECT_EQ(Text(payload), Pattern(size).substr(10));
    EXPECT_EQ(payload.ToSlice().text(), Pattern(size).substr(10));
    EXPECT_EQ(AttributeText(payload), "attribute");
    payload.RemovePrefix(size - 10);
    EXPECT_EQ(payload.size(), 0u);
    EXPECT_EQ(AttributeText(payload), "attribute");
  }
}

// Wherever content and attribute come to lie, neither writes over the other.
TEST(PayloadTest, ContentAndAttributeDoNotTouchEachOther) {
  for (std::size_t size = 0; size <= 90; ++size) {
    for (const std::size_t attribute : Sizes{0, 1, 8, 15, 16, 17, 40, 56, 57, 80, 81, 255}) {
      const std::string id = Pattern(attribute, 11);
      Payload from_bytes = Holding(Pattern(size));
      ASSERT_TRUE(from_bytes.SetAttribute(AsBytes(id)));
      EXPECT_EQ(Text(from_bytes), Pattern(size)) << size << " + " << attribute;
      EXPECT_EQ(AttributeText(from_bytes), id) << size << " + " << attribute;
      Payload from_slice = Holding(Pattern(size));
      ASSERT_TRUE(from_slice.SetAttribute(Slice::Copy(id)));
      EXPECT_EQ(Text(from_slice), Pattern(size)) << size << " + " << attribute;
      EXPECT_EQ(AttributeText(from_slice), id) << size << " + " << attribute;
    }
  }
}

TEST(PayloadTest, AnAttributeThatFitsIsCopiedInsideAndPinsNothing) {
  Lent lent(30);
  Payload payload = Holding(Pattern(50));
  ASSERT_TRUE(payload.SetAttribute(lent.Adopt()));
  EXPECT_EQ(lent.given_back, 1);
  EXPECT_TRUE(payload.is_inline());
  EXPECT_EQ(AttributeText(payload), lent.text);
}

TEST(PayloadTest, AnAttributeThatDoesNotFitIsShared) {
  Lent lent(100);
  Payload payload = Holding(Pattern(50));
  ASSERT_TRUE(payload.SetAttribute(lent.Adopt()));
  EXPECT_EQ(AttributeText(payload).data(), lent.text.data());
  Payload copy = payload;
  payload.Clear();
  EXPECT_EQ(lent.given_back, 0);
  EXPECT_EQ(AttributeText(copy), lent.text);
  ASSERT_TRUE(copy.SetAttribute(AsBytes("short")));
  EXPECT_EQ(lent.given_back, 1) << "a new attribute lets the old one go";
  EXPECT_EQ(AttributeText(copy), "short");
}

TEST(PayloadTest, TheLongestAttributeIsTakenAndALongerOneRefused) {
  const std::string longest = Pattern(Payload::kMaxAttributeBytes);
  const std::string longer = Pattern(Payload::kMaxAttributeBytes + 1);
  for (const std::size_t size : Sizes{0, 80, 300}) {
    Payload payload = Holding(Pattern(size));
    EXPECT_FALSE(payload.SetAttribute(AsBytes(longer)));
    EXPECT_FALSE(payload.SetAttribute(Slice::Copy(longer)));
    EXPECT_EQ(Text(payload), Pattern(size));
    EXPECT_TRUE(payload.SetAttribute(AsBytes(longest)));
    EXPECT_EQ(AttributeText(payload), longest);
    EXPECT_EQ(Text(payload), Pattern(size));
  }
}

TEST(PayloadTest, TheAttributeMayBeSetFromItself) {
  for (const std::size_t attribute : Sizes{10, 200}) {
    const std::string id = Pattern(attribute);
    Payload payload = Holding("content");
    ASSERT_TRUE(payload.SetAttribute(AsBytes(id)));
    ASSERT_TRUE(payload.SetAttribute(payload.attribute()));
    EXPECT_EQ(AttributeText(payload), id);
    ASSERT_TRUE(payload.SetAttribute(payload.attribute().subspan(3)));
    EXPECT_EQ(AttributeText(payload), id.substr(3));
    EXPECT_EQ(Text(payload), "content");
  }
}

TEST(PayloadTest, AnEmptyAttributeDropsTheOldOne) {
  Lent lent(100);
  Payload payload = Holding("content");
  ASSERT_TRUE(payload.SetAttribute(lent.Adopt()));
  ASSERT_TRUE(payload.SetAttribute(Bytes()));
  EXPECT_TRUE(payload.attribute().empty());
  EXPECT_EQ(lent.given_back, 1);
  EXPECT_EQ(Text(payload), "content");
}

TEST(PayloadTest, PayloadsSurviveTheGrowthOfAVector) {
  std::vector<Payload> payloads;
  for (std::size_t i = 0; i < 100; ++i) {
    payloads.push_back(Holding(Pattern(i * 3)));
    ASSERT_TRUE(payloads.back().SetAttribute(AsBytes(Pattern(i, 5))));
  }
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    EXPECT_EQ(Text(payloads[i]), Pattern(i * 3));
    EXPECT_EQ(AttributeText(payloads[i]), Pattern(i, 5));
  }
}

// What is charged is let go of, and the octets and the attribute stay; what is not stays as it is.
TEST(PayloadTest, UnpinKeepsNoChargedBlock) {
  const BudgetPtr budget = Budget::Create(Budget::kUnlimited);
  for (Budget* const charged : {budget.get(), static_cast<Budget*>(nullptr)}) {
    const std::string text(200, 'x');
    Payload payload;
    payload.AssignSlice(Slice::Copy(AsBytes(text), charged));
    EXPECT_TRUE(payload.SetAttribute(AsBytes(std::string_view("name"))));
    const std::uint8_t* const before = payload.bytes().data();
    payload.Unpin();
    EXPECT_EQ(budget->used(), 0);
    EXPECT_EQ(AsText(payload.bytes()), text);
    EXPECT_EQ(AsText(payload.attribute()), "name");
    EXPECT_EQ(payload.bytes().data() == before, charged == nullptr);
  }
}

}  // namespace
}  // namespace monocoque
