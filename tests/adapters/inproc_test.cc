#include "adapters/inproc.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "adapters/waker.h"
#include "alloc/slice.h"
#include "alloc/transmit_batch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/ids.h"

namespace monocoque {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CountingWaker final : public Waker {
 public:
  void Wake() override { ++calls; }
  int calls = 0;
};

// A socket's side of the hub.
struct Side {
  std::shared_ptr<CountingWaker> waker = std::make_shared<CountingWaker>();
  std::shared_ptr<InprocInbox> inbox = std::make_shared<InprocInbox>(waker);
};

TransmitBatch Of(const std::vector<std::string>& texts) {
  TransmitBatch batch;
  for (const std::string& text : texts) batch.Append(Slice::Copy(text));
  return batch;
}

std::vector<std::string> ReadAll(InprocEnd* end, bool* open = nullptr) {
  std::vector<Slice> slices;
  const bool more = end->Read(&slices);
  if (open != nullptr) *open = more;
  std::vector<std::string> texts;
  for (const Slice& slice : slices) texts.emplace_back(slice.text());
  return texts;
}

const LinkId kLink = LinkId::FromValue(1);
const ListenerId kListener = ListenerId::FromValue(1);

TEST(InprocEndTest, SlicesCrossAsTheyAre) {
  auto [a, b] = InprocEnd::MakePair();
  TransmitBatch batch;
  const Slice large = Slice::Copy(std::string(1000, 'x'));
  batch.Append(large);
  EXPECT_TRUE(a.Write(&batch));
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(batch.written(), 1000u);
  std::vector<Slice> slices;
  EXPECT_TRUE(b.Read(&slices));
  ASSERT_EQ(slices.size(), 1u);
  EXPECT_EQ(slices[0].data(), large.data()) << "not copied";
}

// One notice for all that comes before it is taken.
TEST(InprocEndTest, TheReaderHearsOnceUntilItReads) {
  auto [a, b] = InprocEnd::MakePair();
  Side reader;
  b.Attach(reader.inbox, kLink);
  EXPECT_EQ(reader.inbox->Take().size(), 1u) << "what was before is looked at";
  for (const char* text : {"one", "two"}) {
    TransmitBatch batch = Of({text});
    a.Write(&batch);
  }
  const auto notices = reader.inbox->Take();
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices[0].link, kLink);
  EXPECT_EQ(reader.waker->calls, 2);
  EXPECT_THAT(ReadAll(&b), ElementsAre("one", "two"));
  EXPECT_THAT(ReadAll(&b), IsEmpty());
}

TEST(InprocEndTest, TheWriterWaitsForRoomAndHearsOfIt) {
  auto [a, b] = InprocEnd::MakePair();
  Side writer;
  a.Attach(writer.inbox, kLink);
  writer.inbox->Take();
  TransmitBatch batch = Of(std::vector<std::string>(8, std::string(512 * 1024, 'x')));
  EXPECT_TRUE(a.Write(&batch));
  EXPECT_FALSE(batch.empty());
  EXPECT_TRUE(writer.inbox->Take().empty());
  const std::size_t before = batch.remaining();
  EXPECT_FALSE(ReadAll(&b).empty());
  EXPECT_EQ(writer.inbox->Take().size(), 1u);
  EXPECT_TRUE(a.Write(&batch));
  EXPECT_LT(batch.remaining(), before);
  EXPECT_TRUE(a.Write(&batch, /*all=*/true));
  EXPECT_TRUE(batch.empty()) << "whatever the room";
}

// What was written before the end is there to be read.
TEST(InprocEndTest, TheEndComesBehindWhatWasWritten) {
  auto [a, b] = InprocEnd::MakePair();
  Side reader;
  b.Attach(reader.inbox, kLink);
  TransmitBatch batch = Of({"last words"});
  a.Write(&batch);
  reader.inbox->Take();
  {
    const InprocEnd gone = std::move(a);
  }
  EXPECT_EQ(reader.inbox->Take().size(), 1u);
  bool open = true;
  EXPECT_THAT(ReadAll(&b, &open), ElementsAre("last words"));
  EXPECT_FALSE(open);
  TransmitBatch answer = Of({"too late"});
  EXPECT_FALSE(b.Write(&answer));
  EXPECT_EQ(answer.written(), 0u);
}

// E-16: a name has one listener.
TEST(InprocHubTest, ANameIsTakenOnce) {
  InprocHub hub;
  Side first;
  Side second;
  EXPECT_TRUE(hub.Listen("a", first.inbox, kListener).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(hub.Listen("a", second.inbox, kListener)));
  EXPECT_TRUE(hub.Listen("b", second.inbox, kListener).ok());
  hub.Unlisten("a");
  EXPECT_TRUE(hub.Listen("a", second.inbox, ListenerId::FromValue(2)).ok());
}

// E-16: who dials first waits.
TEST(InprocHubTest, DialsWaitForTheName) {
  InprocHub hub;
  Side dialer;
  Side listener;
  hub.Dial("later", dialer.inbox, kLink);
  hub.Dial("later", dialer.inbox, LinkId::FromValue(2));
  hub.Cancel("later", dialer.inbox.get(), LinkId::FromValue(2));
  EXPECT_TRUE(dialer.inbox->Take().empty());
  ASSERT_TRUE(hub.Listen("later", listener.inbox, kListener).ok());
  auto dialed = dialer.inbox->Take();
  auto accepted = listener.inbox->Take();
  ASSERT_EQ(dialed.size(), 1u) << "the other was cancelled";
  ASSERT_EQ(accepted.size(), 1u);
  EXPECT_EQ(dialed[0].link, kLink);
  EXPECT_EQ(accepted[0].listener, kListener);
  TransmitBatch batch = Of({"hello"});
  dialed[0].end.Write(&batch);
  EXPECT_THAT(ReadAll(&accepted[0].end), ElementsAre("hello"));
}

TEST(InprocHubTest, WhoDoesNotAcceptLetsThemWait) {
  InprocHub hub;
  Side dialer;
  Side listener;
  ASSERT_TRUE(hub.Listen("a", listener.inbox, kListener).ok());
  hub.SetAccepting("a", false);
  hub.Dial("a", dialer.inbox, kLink);
  EXPECT_TRUE(dialer.inbox->Take().empty());
  hub.SetAccepting("a", true);
  EXPECT_EQ(dialer.inbox->Take().size(), 1u);
  hub.Unlisten("a");
  hub.Dial("a", dialer.inbox, LinkId::FromValue(2));
  EXPECT_TRUE(dialer.inbox->Take().empty());
}

// A socket that goes closes what was connected to it and not yet seen.
TEST(InprocHubTest, AClosedInboxClosesWhatComes) {
  InprocHub hub;
  Side dialer;
  Side listener;
  ASSERT_TRUE(hub.Listen("a", listener.inbox, kListener).ok());
  hub.Dial("a", dialer.inbox, kLink);
  listener.inbox->Close();
  auto dialed = dialer.inbox->Take();
  ASSERT_EQ(dialed.size(), 1u);
  bool open = true;
  ReadAll(&dialed[0].end, &open);
  EXPECT_FALSE(open);
}

TEST(InprocHubTest, TheProcessHasOne) {
  EXPECT_NE(InprocHub::OfProcess(), nullptr);
  EXPECT_EQ(InprocHub::OfProcess(), InprocHub::OfProcess());
}

}  // namespace
}  // namespace monocoque
