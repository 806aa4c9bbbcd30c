-- Removes a message. KEYS: messages, untold. ARGV: ticket, change, id.
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then
  return 1
end
if redis.call('XDEL', KEYS[1], '0-' .. ARGV[3]) == 0 then
  return 0
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3] .. ' ' .. ARGV[2])
return 1
