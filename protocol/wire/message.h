#ifndef MONOCOQUE_PROTOCOL_WIRE_MESSAGE_H_
#define MONOCOQUE_PROTOCOL_WIRE_MESSAGE_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/types/span.h"
#include "alloc/bytes.h"
#include "alloc/payload.h"
#include "alloc/slice.h"
#include "protocol/drive/ids.h"
#include "protocol/wire/routing_number.h"

namespace monocoque {

// One part of a message, borrowed from it: valid while the message lives and is not changed.
class Part {
 public:
  Part() = default;
  explicit Part(Bytes bytes) : bytes_(bytes) {}

  Bytes bytes() const { return bytes_; }
  std::string_view text() const { return AsText(bytes_); }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

 private:
  Bytes bytes_;
};

// A message: one part or several, and what the socket knows of its origin or its destination.
//
// The one-part message is the common case and reads like a string: text(), bytes(), size() speak of
// part 0. Several parts are a range of slices: `for (Slice part : m)`, `m[1].text()`.
//
// What text(), bytes() and m[i] give is borrowed from the message, and what a slice's text() gives
// from that slice, which may hold a copy: of a temporary it ends with the full expression. Keep the
// message, or the slice: `auto m = socket.Receive(); m->text()`.
//
// 96 bytes. Up to 80 octets lie inside; more are shared with the block they were received in, or
// with the user's own memory (Slice::Adopt), or read where they lie (Borrow). Several parts are
// kept as they are on the wire and walked, so that a message has a fixed size and needs no
// allocation. Copying shares and is cheap.
//
// Thread-compatible, as a std::string; the last share may die on any thread.
class Message {
 public:
  static constexpr std::size_t kInlineBytes = Payload::kInlineBytes;

  // One empty part.
  Message() = default;
  explicit Message(std::string_view text) { SetBody(AsBytes(text)); }
  explicit Message(const char* text) : Message(std::string_view(text)) {}
  explicit Message(Bytes body) { SetBody(body); }
  // One part that is read where it lies: `body` must stay as it is until the message, or what it
  // was moved to, is sent, changed or dies. Each copy of it, and what a socket keeps of it, has
  // memory of its own; so has what fits inside.
  static Message Borrow(Bytes body) {
    Message message;
    message.payload_.AssignBorrowed(body);
    return message;
  }
  static Message Borrow(std::string_view text) { return Borrow(AsBytes(text)); }
  // A temporary would be gone before the message is.
  template <typename Text>
    requires std::same_as<std::remove_cv_t<Text>, std::string>
  static Message Borrow(Text&& text) = delete;
  // The octets of `body`, without a copy.
  explicit Message(Slice body) { payload_.AssignSlice(std::move(body)); }
  explicit Message(std::initializer_list<std::string_view> parts)
      : Message(absl::MakeConstSpan(parts.begin(), parts.size())) {}
  // As many parts as there are texts, in linear time; of none, one empty part.
  explicit Message(absl::Span<const std::string_view> parts);
  explicit Message(absl::Span<const std::string> parts);

  // Parts are counted from 0; there is always one at least.
  std::size_t part_count() const;
  bool multipart() const { return (payload_.tag() & kMultipart) != 0; }
  // Octets of part 0.
  Bytes bytes() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return multipart() ? (*this)[0].bytes() : payload_.bytes();
  }
  std::string_view text() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return AsText(bytes()); }
  std::size_t size() const { return bytes().size(); }
  // Octets of all parts together.
  std::size_t total_bytes() const;

  // Part `index`, borrowed; an empty part if there is none.
  Part operator[](std::size_t index) const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  // Part `index` as a slice of its own: shared if it is large.
  Slice Share(std::size_t index) const;

  // Walks the parts; dereferencing gives a Slice that shares.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Slice;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Slice;

    Slice operator*() const { return message_->ShareRange(at_, size_); }
    Iterator& operator++();
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.frame_ == b.frame_; }

   private:
    friend class Message;
    Iterator(const Message* message, std::size_t frame);

    const Message* message_;
    std::size_t frame_;     // where the part's frame begins; kEnd past the last
    std::size_t at_ = 0;    // where its octets begin
    std::size_t size_ = 0;  // how many there are
  };
  Iterator begin() const { return Iterator(this, 0); }
  Iterator end() const { return Iterator(this, kEnd); }

  // Adds a part behind the last, in time that grows with all of them. A fresh message has one part,
  // an empty one, which stays the first: give the parts to the constructor. The message then owns a
  // copy of all its octets.
  void AddPart(Bytes part);
  void AddPart(std::string_view part) { AddPart(AsBytes(part)); }

  // Where the message came from (ROUTER and the like), or where it is to go: the same attribute, so
  // that a received message that is sent back finds its sender. Empty: none.
  Bytes routing_id() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return attribute(kRoutingId); }
  Bytes to() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return routing_id(); }
  // At most 255 octets, else false and nothing changes.
  bool set_to(Bytes id) { return SetAttribute(kRoutingId, id); }
  bool set_to(std::string_view id) { return set_to(AsBytes(id)); }
  // Shares the slice's memory where the id is too large to lie inside.
  bool set_to(const Slice& id);

  // SERVER and PEER: the same as a number, which is never 0; 0 if it is none.
  std::uint32_t routing_number() const { return RoutingNumberOf(routing_id()); }
  bool set_to_number(std::uint32_t number) { return set_to(Bytes(RoutingIdOf(number))); }

  // RADIO and DISH: the group. At most 255 octets.
  Bytes group() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return attribute(kGroup); }
  bool set_group(std::string_view group) { return SetAttribute(kGroup, AsBytes(group)); }

  // The peer a received message came from; no id in one made by hand.
  PeerId peer() const { return PeerId::FromValue(payload_.number()); }
  void set_peer(PeerId peer) { payload_.set_number(peer.value()); }

  // For proxies and command lines: the routing id becomes the first part, and back. FrontToId
  // fails, changing nothing, if there is only one part or the first is empty or longer than 255
  // octets.
  void IdToFront();
  bool FrontToId();
  // The first part becomes the group. Fails, changing nothing, if there is only one part or the
  // first is longer than 255 octets.
  bool FrontToGroup() { return FrontToAttribute(kGroup); }
  // Removes the first `count` parts; at least one is left (false, and nothing changes, otherwise).
  bool DropFront(std::size_t count);

  // What is borrowed becomes the message's own, by a copy; false if memory is out, and nothing
  // changes.
  bool Own() { return payload_.Own(); }

  // It is kept for long, and holds back no budget's memory.
  void Unpin() { payload_.Unpin(); }

  void Clear() {
    payload_.Clear();
    payload_.set_tag(0);
    payload_.set_number(0);
  }

  // Same parts; origin and destination do not count.
  friend bool operator==(const Message& a, const Message& b);

  // ---- For those who speak the wire format -----------------------------------------------------

  // Several parts: their frames as on the wire (ZMTP 2.0 on; sizes in any form a peer may use). One
  // part: its body. Never a command.
  const Payload& payload() const { return payload_; }

  // Replace the content: a body inside (at most kInlineBytes, from where `readable` octets may be
  // read), a body shared, or frames in wire form: two or more, the last without MORE, each checked
  // by the caller.
  void SetInlineBody(const std::uint8_t* data, std::size_t size, std::size_t readable) {
    payload_.AssignInline(data, size, readable);
    payload_.set_tag(0);
  }
  void SetSharedBody(Slice body) {
    payload_.AssignSlice(std::move(body), 0);
    payload_.set_tag(0);
  }
  void SetWireParts(Slice frames, std::size_t inline_max = kInlineBytes) {
    payload_.AssignSlice(std::move(frames), inline_max);
    payload_.set_tag(kMultipart);
  }

  // Octets this message takes on the wire, as frames.
  std::size_t wire_bytes() const;

 private:
  static constexpr std::uint8_t kMultipart = 0x01;
  static constexpr std::uint8_t kRoutingId = 0x02;
  static constexpr std::uint8_t kGroup = 0x04;
  static constexpr std::uint8_t kAttributes = kRoutingId | kGroup;
  static constexpr std::size_t kEnd = static_cast<std::size_t>(-1);

  void SetBody(Bytes body) { payload_.AssignCopy(body); }
  Bytes attribute(std::uint8_t kind) const {
    return (payload_.tag() & kind) != 0 ? payload_.attribute() : Bytes();
  }
  bool SetAttribute(std::uint8_t kind, Bytes bytes);
  bool SetAttribute(std::uint8_t kind, const Slice& slice);
  bool FrontToAttribute(std::uint8_t kind);
  // As DropFront; what is left stays where it is.
  bool RemoveFront(std::size_t count);
  Slice ShareRange(std::size_t offset, std::size_t size) const;
  void ReplaceParts(absl::Span<const Bytes> parts);

  Payload payload_;
};

static_assert(sizeof(Message) == 96);

}  // namespace monocoque

#endif  // MONOCOQUE_PROTOCOL_WIRE_MESSAGE_H_
