#include "protocol/connection/box_reader.h"

#include <algorithm>
#include <utility>

#include "alloc/slice.h"
#include "protocol/connection/whole_bytes.h"

namespace monocoque {
namespace {

// From here on a box that is not all there yet is gathered, and does not wait in many blocks.
constexpr std::size_t kGatherBytes = 16 * 1024;

static_assert(CurveSession::kMore == frame::kMore);

}  // namespace

BoxReader::BoxReader(std::unique_ptr<CurveSession> session, const Limits& limits,
                     std::shared_ptr<SlabPool> pool, BudgetPtr budget)
    : session_(std::move(session)),
      max_data_bytes_(std::max<std::uint64_t>(limits.max_frame_bytes, limits.max_command_bytes)),
      pool_(std::move(pool)),
      budget_(std::move(budget)) {}

BoxReader::Result BoxReader::Fail(std::string_view sentence) {
  violation_ = sentence;
  received_.Clear();
  gather_ = BlockPtr();
  gathered_ = 0;
  return Result::kError;
}

void BoxReader::Drop() {
  received_.Clear();
  gather_ = BlockPtr();
  gathered_ = 0;
}

std::size_t BoxReader::wanted() const {
  if (gather_) {
    const std::size_t here = gathered_ + received_.size();
    return gathering_.sealed_bytes() > here ? gathering_.sealed_bytes() - here : 0;
  }
  FrameHeader header;
  const FrameParse parsed = ParseFront(&header);
  return static_cast<std::size_t>(FrameWants(parsed, header, received_.size()));
}

BoxReader::Result BoxReader::Open(std::size_t max_frames, ByteQueue* out) {
  Result result = violation_.empty() ? Result::kOpened : Result::kError;
  for (; max_frames > 0 && result == Result::kOpened; --max_frames) result = Next(out);
  Give(out);
  // The queue keeps it for as long as it is needed: an idle link holds none.
  block_ = BlockPtr();
  return result;
}

BoxReader::Result BoxReader::Next(ByteQueue* out) {
  if (gather_) return Gather(out);
  if (received_.empty()) return Result::kNeedData;
  Box box;
  const Result front = Front(&box);
  if (front != Result::kOpened) return front;
  if (received_.size() >= box.total_bytes()) return OpenFront(box, out);
  if (box.total_bytes() < kGatherBytes) return Result::kNeedData;
  const Result begun = BeginGather(box);
  return begun == Result::kOpened ? Gather(out) : begun;
}

FrameParse BoxReader::ParseFront(FrameHeader* out) const {
  std::array<std::uint8_t, frame::kLongHeaderBytes> octets;
  return ParseFrameHeader(Bytes(octets).first(received_.CopyOut(0, octets)), out);
}

// Reads what is in front of what is sealed, and judges it (V-11, V-12, V-13).
BoxReader::Result BoxReader::Front(Box* box) {
  FrameHeader header;
  const FrameParse parsed = ParseFront(&header);
  if (parsed == FrameParse::kNeedMore) return Result::kNeedData;
  if (const std::string_view wrong = FrameViolation(parsed); !wrong.empty()) return Fail(wrong);
  if (header.more()) return Fail("MORE outside of a box");
  if (header.body_bytes < CurveSession::kOverheadBytes) {
    return Fail("a frame that is no MESSAGE on an encrypted link");
  }
  if (header.body_bytes - CurveSession::kOverheadBytes > max_data_bytes_) {
    return Fail("frame larger than the limit");
  }
  box->header_bytes = header.header_bytes;
  box->data_bytes = static_cast<std::size_t>(header.body_bytes) - CurveSession::kOverheadBytes;
  if (received_.CopyOut(box->header_bytes, box->head) < box->head.size()) return Result::kNeedData;
  switch (session_->Judge(box->head)) {
    case CurveSession::Opened::kNoMessage:
      return Fail("a frame that is no MESSAGE on an encrypted link");
    case CurveSession::Opened::kReplayed:
      return Fail("MESSAGE with a nonce that was used, or is out of order");
    case CurveSession::Opened::kForged:
    case CurveSession::Opened::kOk:
      break;
  }
  return Result::kOpened;
}

BlockPtr BoxReader::Acquire(std::size_t bytes) const {
  BlockPtr block = pool_->AcquireAtLeast(bytes, budget_.get());
  if (!block && reserve_ != nullptr) block = pool_->AcquireAtLeast(bytes, reserve_);
  return block;
}

// Room for so many octets behind what is opened, in one block with it if that has some.
bool BoxReader::Reserve(std::size_t bytes, ByteQueue* out) {
  if (block_ && block_->capacity() - opened_ >= bytes) return true;
  Give(out);
  // What is here opens to less than it takes: as much of a slab as that, but one frame at least.
  const std::size_t wish = std::min(received_.size(), pool_->slab_bytes());
  BlockPtr block = Acquire(std::max(bytes, wish));
  if (!block) return false;
  block_ = std::move(block);
  given_ = opened_ = 0;
  return true;
}

void BoxReader::Give(ByteQueue* out) {
  if (opened_ == given_) return;
  out->Append(Slice(block_, block_->data() + given_, opened_ - given_));
  given_ = opened_;
}

BoxReader::Result BoxReader::OpenFront(const Box& box, ByteQueue* out) {
  if (!Reserve(box.opened_bytes(), out)) return Result::kNoMemory;
  const MutableBytes frame =
      MutableBytes(block_->data(), block_->capacity()).subspan(opened_, box.opened_bytes());
  const std::size_t at = box.header_bytes + CurveSession::kHeadBytes;
  Bytes sealed = received_.SpanAt(at);
  if (sealed.size() >= box.sealed_bytes()) {
    sealed = sealed.first(box.sealed_bytes());
  } else {
    const MutableBytes place = frame.last(box.sealed_bytes());
    received_.CopyOut(at, place);
    sealed = place;
  }
  const Result opened = Unseal(box, sealed, frame);
  if (opened != Result::kOpened) return opened;
  opened_ += box.opened_bytes();
  received_.Skip(box.total_bytes());
  return Result::kOpened;
}

// Opens into the end of `frame` and writes the frame's header in front, over the inner flags.
BoxReader::Result BoxReader::Unseal(const Box& box, Bytes sealed, MutableBytes frame) {
  const MutableBytes content = frame.last(box.sealed_bytes());
  if (session_->Open(box.head, sealed, content) != CurveSession::Opened::kOk) {
    return Fail("MESSAGE does not open");
  }
  const std::uint8_t inner = content[0];
  if ((inner & CurveSession::kReserved) != 0) return Fail("reserved flags in a box");  // V-14
  std::uint8_t flags = inner & CurveSession::kMore;
  if ((inner & CurveSession::kCommand) != 0) flags |= frame::kCommand;
  EncodeFrameHeader(flags, box.data_bytes, frame);
  return Result::kOpened;
}

BoxReader::Result BoxReader::BeginGather(const Box& box) {
  const std::size_t header = box.opened_bytes() - box.data_bytes;
  const auto whole =
      static_cast<std::size_t>(std::min<std::uint64_t>(box.data_bytes, WholeBytes(budget_.get())));
  const std::size_t here = std::min(box.data_bytes, received_.size());
  BlockPtr block = Acquire(header + std::max(whole, here));
  if (!block) return Result::kNoMemory;
  gather_ = std::move(block);
  gathering_ = box;
  gathered_ = 0;
  received_.Skip(box.header_bytes + CurveSession::kHeadBytes);
  return Result::kOpened;
}

BoxReader::Result BoxReader::Gather(ByteQueue* out) {
  const std::size_t begin = gathering_.opened_bytes() - gathering_.sealed_bytes();
  while (gathered_ < gathering_.sealed_bytes()) {
    const Bytes front = received_.contiguous();
    if (front.empty()) return Result::kNeedData;
    const std::size_t count = std::min(front.size(), gathering_.sealed_bytes() - gathered_);
    const std::size_t used = begin + gathered_;
    if (used + count > gather_->capacity()) {
      const std::size_t doubled = std::max(gather_->capacity() * 2, used + count);
      BlockPtr larger = Acquire(std::min(doubled, gathering_.opened_bytes()));
      if (!larger) return Result::kNoMemory;
      std::copy_n(gather_->data() + begin, gathered_, larger->data() + begin);
      gather_ = std::move(larger);
    }
    std::copy_n(front.data(), count, gather_->data() + used);
    gathered_ += count;
    received_.Advance(count);
  }
  const MutableBytes frame = MutableBytes(gather_->data(), gathering_.opened_bytes());
  const Result opened = Unseal(gathering_, frame.last(gathering_.sealed_bytes()), frame);
  if (opened != Result::kOpened) return opened;
  Give(out);
  const std::uint8_t* data = gather_->data();
  out->Append(Slice(std::move(gather_), data, frame.size()));
  gathered_ = 0;
  return Result::kOpened;
}

}  // namespace monocoque
