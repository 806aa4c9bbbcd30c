-- Notes that a person is about to be changed, after which their sessions end. KEYS: endings, endings of the person.
-- ARGV: person, ticket, version after the change and the session that is kept.
local now = redis.call('TIME')
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[2], now[1] .. ' ' .. ARGV[3])
return 1
