#include "protocol/connection/box_reader.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "alloc/block.h"
#include "alloc/budget.h"
#include "alloc/byte_queue.h"
#include "alloc/bytes.h"
#include "alloc/slab_pool.h"
#include "alloc/slice.h"
#include "gtest/gtest.h"
#include "protocol/mechanism/crypto.h"
#include "protocol/mechanism/curve_session.h"
#include "protocol/wire/limits.h"
#include "tests/support/security.h"

namespace monocoque {
namespace {

std::unique_ptr<CurveSession> Session(bool as_server) {
  const std::array<std::uint8_t, crypto::kKeyBytes> key{7};
  return std::make_unique<CurveSession>(testing::TestCrypto(), SecretKey(Bytes(key)), as_server, 2,
                                        2);
}

std::vector<std::uint8_t> Box(CurveSession* session, std::size_t data_bytes) {
  std::vector<std::uint8_t> frame(CurveSession::FrameBytes(data_bytes));
  session->Seal(0, std::vector<std::uint8_t>(data_bytes, 'x'), frame);
  return frame;
}

void Feed(BoxReader* reader, Bytes octets) {
  BlockPtr block = Block::Allocate(octets.size(), nullptr);
  std::ranges::copy(octets, block->data());
  const std::uint8_t* data = block->data();
  reader->received().Append(Slice(std::move(block), data, octets.size()));
}

// What may be read so that nothing of the next box comes with it, whether the box is opened from
// where it lies or gathered.
TEST(BoxReaderTest, WantsNoMoreThanTheBoxUnderWay) {
  for (const std::size_t data_bytes : {10u, 1000u, 100'000u}) {
    const auto sender = Session(false);
    const std::vector<std::uint8_t> box = Box(sender.get(), data_bytes);
    BoxReader reader(Session(true), {}, SlabPool::Create(), Budget::Create(Budget::kUnlimited));
    ByteQueue out;
    EXPECT_EQ(reader.wanted(), 2u);
    std::size_t fed = 0;
    while (fed < box.size()) {
      const std::size_t wanted = reader.wanted();
      ASSERT_GT(wanted, 0u) << fed;
      ASSERT_LE(fed + wanted, box.size());
      if (fed >= 9) {
        EXPECT_EQ(fed + wanted, box.size());
      }
      const std::size_t some = std::min<std::size_t>(wanted, fed < 100 ? 60 : 50'000);
      Feed(&reader, Bytes(box).subspan(fed, some));
      fed += some;
      if (fed < box.size()) {
        EXPECT_EQ(reader.Open(1, &out), BoxReader::Result::kNeedData);
      }
    }
    EXPECT_EQ(reader.wanted(), 0u);
    EXPECT_EQ(reader.Open(1, &out), BoxReader::Result::kOpened);
    EXPECT_EQ(reader.wanted(), 2u);
    EXPECT_GT(out.size(), data_bytes);
  }
}

}  // namespace
}  // namespace monocoque
