-- Takes back a message whose key turned out to stand for another request.
-- KEYS: messages, untold, repeat. ARGV: ticket, place.
redis.call('XDEL', KEYS[1], ARGV[2])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[3])
return 1
