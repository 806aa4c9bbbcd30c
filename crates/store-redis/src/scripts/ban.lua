-- Puts a ban in force, or takes one away. KEYS: bans, ends, state, untold.
-- ARGV: ticket, change, network, since when the one before is, the ban, its end, now, most.
local told = redis.call('HGET', KEYS[4], ARGV[1])
if told then
  return tonumber(string.match(told, '^%d+'))
end
-- What has ended is none.
for _, network in ipairs(redis.call('ZRANGE', KEYS[2], '-inf', ARGV[7], 'BYSCORE')) do
  redis.call('HDEL', KEYS[1], network)
  redis.call('ZREM', KEYS[2], network)
end
local found = redis.call('HGET', KEYS[1], ARGV[3])
local since = found and string.match(found, '^%-?%d+') or ''
if since ~= ARGV[4] then
  return -1
end
if ARGV[5] == '' then
  redis.call('HDEL', KEYS[1], ARGV[3])
else
  if not found and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[8]) then
    return -2
  end
  redis.call('HSET', KEYS[1], ARGV[3], ARGV[5])
end
if ARGV[6] == '' then
  redis.call('ZREM', KEYS[2], ARGV[3])
else
  redis.call('ZADD', KEYS[2], ARGV[6], ARGV[3])
end
local number = redis.call('INCR', KEYS[3])
redis.call('HSET', KEYS[4], ARGV[1], number .. ' ' .. ARGV[2])
return number
