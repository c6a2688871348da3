#include "protocol/drive/slot_map.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "protocol/drive/ids.h"

namespace monocoque {
namespace {

using Map = SlotMap<LinkId, std::string>;

LinkId Insert(Map* map, std::string value) {
  const LinkId id = map->NextId();
  EXPECT_NE(map->Insert(std::make_unique<std::string>(std::move(value))), nullptr);
  return id;
}

TEST(SlotMapTest, AThingIsFoundUnderTheIdAnnouncedForIt) {
  Map map;
  const LinkId id = map.NextId();
  ASSERT_TRUE(id);
  EXPECT_EQ(map.Find(id), nullptr);
  std::string* const inserted = map.Insert(std::make_unique<std::string>("first"));
  ASSERT_NE(inserted, nullptr);
  EXPECT_EQ(*inserted, "first");
  EXPECT_EQ(map.Find(id), inserted);
  EXPECT_NE(map.NextId(), id);
}

TEST(SlotMapTest, ThingsStayWhereTheyAreWhileTheMapGrows) {
  Map map;
  const LinkId first = Insert(&map, "first");
  const std::string* const place = map.Find(first);
  std::vector<LinkId> ids;
  for (int i = 0; i < 1000; ++i) ids.push_back(Insert(&map, std::to_string(i)));
  EXPECT_EQ(map.Find(first), place);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    ASSERT_NE(map.Find(ids[i]), nullptr) << i;
    EXPECT_EQ(*map.Find(ids[i]), std::to_string(i));
  }
}

TEST(SlotMapTest, EraseHandsTheThingOutOnce) {
  Map map;
  const LinkId id = Insert(&map, "one");
  const std::unique_ptr<std::string> out = map.Erase(id);
  ASSERT_NE(out, nullptr);
  EXPECT_EQ(*out, "one");
  EXPECT_EQ(map.Find(id), nullptr);
  EXPECT_EQ(map.Erase(id), nullptr);
  EXPECT_TRUE(map.empty());
}

// A late fact about something gone must not hit the newcomer in the same slot.
TEST(SlotMapTest, TheIdOfSomethingGoneFindsNothingWhenItsSlotIsInUseAgain) {
  Map map;
  const LinkId old_id = Insert(&map, "old");
  ASSERT_NE(map.Erase(old_id), nullptr);
  const LinkId new_id = Insert(&map, "new");
  EXPECT_NE(new_id, old_id);
  EXPECT_EQ(map.Find(old_id), nullptr);
  EXPECT_EQ(map.Erase(old_id), nullptr);
  EXPECT_EQ(map.size(), 1u);
  ASSERT_NE(map.Find(new_id), nullptr);
  EXPECT_EQ(*map.Find(new_id), "new");
}

TEST(SlotMapTest, NoIdIsGivenTwice) {
  Map map;
  std::set<std::uint64_t> seen;
  std::vector<LinkId> alive;
  for (std::size_t i = 0; i < 3000; ++i) {
    const LinkId id = Insert(&map, "x");
    EXPECT_TRUE(seen.insert(id.value()).second) << "at " << i;
    alive.push_back(id);
    // Two come, one goes, from changing places.
    if (i % 2 == 1) {
      const std::size_t victim = i * 7 % alive.size();
      EXPECT_NE(map.Erase(alive[victim]), nullptr);
      alive.erase(alive.begin() + static_cast<std::ptrdiff_t>(victim));
    }
  }
  EXPECT_EQ(map.size(), alive.size());
  std::size_t found = 0;
  for (const std::uint64_t value : seen) found += map.Find(LinkId::FromValue(value)) != nullptr;
  EXPECT_EQ(found, alive.size());
}

// An erased slot is used again: churn does not make the map grow. The slot is the low 24 bits of an
// id.
TEST(SlotMapTest, ChurnUsesTheSameSlotsAgain) {
  Map map;
  Insert(&map, "stays");
  std::set<std::uint64_t> slots;
  for (int i = 0; i < 100; ++i) {
    const LinkId id = Insert(&map, "passes");
    slots.insert(id.value() & 0xffffff);
    EXPECT_NE(map.Erase(id), nullptr);
  }
  EXPECT_EQ(slots.size(), 1u);
}

TEST(SlotMapTest, NoIdAndIdsFromElsewhereFindNothing) {
  Map map;
  EXPECT_EQ(map.Find(LinkId()), nullptr);
  EXPECT_EQ(map.Erase(LinkId()), nullptr);
  const LinkId id = Insert(&map, "here");
  EXPECT_EQ(map.Find(LinkId()), nullptr);
  EXPECT_EQ(map.Find(LinkId::FromValue(id.value() + 1)), nullptr);                         // slot
  EXPECT_EQ(map.Find(LinkId::FromValue(id.value() + (std::uint64_t{1} << 24))), nullptr);  // serial
  EXPECT_EQ(map.Find(LinkId::FromValue(~std::uint64_t{0})), nullptr);
  EXPECT_EQ(map.Erase(LinkId::FromValue(~std::uint64_t{0})), nullptr);
  // The first slot, free again, carries no id: erasing "no id" must not free it twice.
  ASSERT_NE(map.Erase(id), nullptr);
  EXPECT_EQ(map.Erase(LinkId()), nullptr);
  EXPECT_EQ(map.size(), 0u);
  const LinkId a = Insert(&map, "a");
  const LinkId b = Insert(&map, "b");
  ASSERT_NE(map.Find(a), nullptr);
  ASSERT_NE(map.Find(b), nullptr);
  EXPECT_EQ(*map.Find(a), "a");
  EXPECT_EQ(*map.Find(b), "b");
}

TEST(SlotMapTest, IdsAreACopyOfAllThatIsThereSoThatAWalkMayErase) {
  Map map;
  std::vector<LinkId> given;
  for (int i = 0; i < 5; ++i) given.push_back(Insert(&map, std::to_string(i)));
  ASSERT_NE(map.Erase(given[1]), nullptr);
  given.erase(given.begin() + 1);
  EXPECT_EQ(map.Ids(), given);
  for (const LinkId id : map.Ids()) EXPECT_NE(map.Erase(id), nullptr);
  EXPECT_TRUE(map.empty());
  EXPECT_TRUE(map.Ids().empty());
}

TEST(SlotMapTest, SizeFollows) {
  Map map;
  EXPECT_TRUE(map.empty());
  const LinkId a = Insert(&map, "a");
  Insert(&map, "b");
  EXPECT_EQ(map.size(), 2u);
  EXPECT_FALSE(map.empty());
  map.Erase(a);
  map.Erase(a);
  EXPECT_EQ(map.size(), 1u);
}

TEST(SlotMapTest, TheMapOwnsWhatItHolds) {
  const auto counted = std::make_shared<int>(7);
  {
    SlotMap<PeerId, std::shared_ptr<int>> map;
    const PeerId id = map.NextId();
    map.Insert(std::make_unique<std::shared_ptr<int>>(counted));
    map.Insert(std::make_unique<std::shared_ptr<int>>(counted));
    EXPECT_EQ(counted.use_count(), 3);
    map.Erase(id).reset();
    EXPECT_EQ(counted.use_count(), 2);
  }
  EXPECT_EQ(counted.use_count(), 1);
}

// With all slots taken nothing is added, and nothing that is there is touched.
TEST(SlotMapTest, WithAllSlotsTakenNoMoreAreAdded) {
  SlotMap<LinkId, std::string, 2> map;
  std::vector<LinkId> ids;
  for (int i = 0; i < 4; ++i) {
    ids.push_back(map.NextId());
    ASSERT_NE(map.Insert(std::make_unique<std::string>(std::to_string(i))), nullptr);
  }
  const LinkId refused = map.NextId();
  EXPECT_EQ(map.Insert(std::make_unique<std::string>("fifth")), nullptr);
  EXPECT_EQ(map.Find(refused), nullptr);
  EXPECT_EQ(map.size(), 4u);
  for (int i = 0; i < 4; ++i) {
    ASSERT_NE(map.Find(ids[static_cast<std::size_t>(i)]), nullptr);
    EXPECT_EQ(*map.Find(ids[static_cast<std::size_t>(i)]), std::to_string(i));
  }
  map.Erase(ids[2]);
  const LinkId again = map.NextId();
  ASSERT_NE(map.Insert(std::make_unique<std::string>("fifth")), nullptr);
  EXPECT_EQ(*map.Find(again), "fifth");
  EXPECT_EQ(map.Find(ids[2]), nullptr);
}

}  // namespace
}  // namespace monocoque
